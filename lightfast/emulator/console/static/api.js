// Client of the emulator. The session's token is in a cookie that no script can read; it lives for a
// minute, and is renewed here before that or when the server says that it is over.

const EARLY = 5; // seconds before its end that a token is renewed

export class ApiError extends Error {
  constructor(status, body) {
    super(body.message || `The server answered ${status} and no message.`);
    this.status = status;
    this.code = body.error || body.code;
    this.requestId = body.requestId;
  }
}

let expiresAt = 0;
let organization = null;
let onSignedOut = () => {};

export const useOrganization = (id) => (organization = id);
export const whenSignedOut = (callback) => (onSignedOut = callback);

async function send(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, { message: "The emulator does not answer. Is it still running?" });
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, told);
  return told;
}

const inOrganization = () => (organization ? { "X-Org-ID": organization } : {});

/** Returns who is signed in. */
export const state = () => send("GET", "/console/api/state");

/** Signs in as `{ user: id }`, or as a new `{ name }`. */
export async function signIn(who) {
  ({ expiresAt } = await send("POST", "/console/api/sign-in", who));
}

export async function signOut() {
  expiresAt = 0;
  await send("POST", "/console/api/sign-out", {});
}

async function renew() {
  ({ expiresAt } = await send("POST", "/console/api/token", {}));
}

/** Asks the console's own API; says so when the user has been signed out. */
export async function ask(method, path, body) {
  try {
    return await send(method, `/console/api/${path}`, body, inOrganization());
  } catch (error) {
    if (error.status === 401) onSignedOut();
    throw error;
  }
}

/** Searches as any client of the API does: session cookie and X-Org-ID. */
export async function search(request) {
  const once = () => send("POST", "/api/v1/search", request, inOrganization());
  try {
    if (Date.now() / 1000 > expiresAt - EARLY) await renew();
    return await once().catch(async (error) => {
      if (error.status !== 401) throw error;
      await renew();
      return once();
    });
  } catch (error) {
    if (error.status === 401) onSignedOut();
    throw error;
  }
}
