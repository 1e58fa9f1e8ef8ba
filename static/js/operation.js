/* Follows one operation on its page: asks for its present state until it is over. */

const EVERY_MS = 2000;

function line(entry) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = entry.at;
  time.textContent = entry.at.slice(11, 19);
  item.append(time, ` ${entry.text}`);
  return item;
}

function redraw(section, operation) {
  const field = (name) => section.querySelector(`[data-field="${name}"]`);
  field("error").textContent = operation.error;
  if (operation.log.length) field("log").replaceChildren(...operation.log.map(line));
  const progress = field("progress");
  progress.hidden = operation.progress_percent === null;
  progress.value = operation.progress_percent ?? 0;
}

async function follow(section) {
  const late = section.querySelector('[data-field="late"]');
  try {
    const answer = await fetch(section.dataset.operation, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const operation = await answer.json();
    late.hidden = true;
    redraw(section, operation);
    // The words of states and results are the server's, in the person's language.
    if (operation.is_final || operation.state !== section.dataset.state) {
      location.reload();
      return;
    }
  } catch {
    late.hidden = false;
  }
  setTimeout(follow, EVERY_MS, section);
}

for (const section of document.querySelectorAll('[data-operation][data-final="no"]')) follow(section);
