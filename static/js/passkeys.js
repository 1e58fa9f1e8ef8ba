// Makes a passkey or signs in by one: asks the portal what to do, lets the browser do it, hands the answer back.

const toBytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

const toText = (buffer) => {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const withBytes = (keys) => (keys ?? []).map((key) => ({ ...key, id: toBytes(key.id) }));

const forBrowser = (asked) => ({
  ...asked,
  challenge: toBytes(asked.challenge),
  ...(asked.user && { user: { ...asked.user, id: toBytes(asked.user.id) } }),
  ...(asked.excludeCredentials && { excludeCredentials: withBytes(asked.excludeCredentials) }),
  ...(asked.allowCredentials && { allowCredentials: withBytes(asked.allowCredentials) }),
});

const FIELDS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const forPortal = (credential) => {
  const fields = FIELDS.filter((name) => credential.response[name]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(fields.map((name) => [name, toText(credential.response[name])])),
  };
};

export const mount = (element) => {
  const { ask, answer, failed, next } = element.dataset;
  const button = element.querySelector("[data-start]");
  const error = element.querySelector("[data-error]");
  const key = element.querySelector("[name=csrfmiddlewaretoken]").value;

  const post = async (address, body) => {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": key };
    const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(said.error ?? failed);
    return said;
  };

  const letBrowser = async (options) => {
    const wish = { publicKey: forBrowser(options.publicKey) };
    try {
      return await navigator.credentials[element.dataset.do](wish);
    } catch {
      throw new Error(failed);
    }
  };

  const run = async () => {
    const options = await post(ask, {});
    if (options.next) return options.next;
    const credential = await letBrowser(options);
    const name = element.querySelector("[data-name]")?.value;
    return (await post(answer, { answer: forPortal(credential), name, next })).next;
  };

  button.addEventListener("click", async () => {
    error.hidden = button.disabled = true;
    try {
      window.location.assign(await run());
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = button.disabled = false;
    }
  });
};
