// Copy buttons: `data-copy` is what they copy, `data-copied` what they then say.

const SHOWN_MS = 1500;

const write = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS the browser has no clipboard interface: a hidden field still copies.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "dce-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  return undefined;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await write(button.dataset.copy);
  const icon = button.querySelector(".material-symbols-outlined");
  if (icon) icon.textContent = "check";
  button.title = button.dataset.copied;
  setTimeout(() => {
    if (icon) icon.textContent = "content_copy";
  }, SHOWN_MS);
});
