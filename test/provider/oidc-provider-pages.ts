/** The pages of the provider that tests and the demo sign in at: no script, one form each. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const layout = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #e9eef5; color: #14213d; }
main { max-width: 22rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: 12px; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; }
label { display: block; margin: .75rem 0 .25rem; }
input { width: 100%; box-sizing: border-box; padding: .55rem; font: inherit; border: 1px solid #5c6b85; border-radius: 6px; }
button { margin-top: 1.25rem; padding: .6rem 1.1rem; font: inherit; border: 0; border-radius: 6px; background: #1d4ed8; color: #fff; cursor: pointer; }
button.quiet { background: none; color: #1d4ed8; }
[role=alert] { padding: .6rem .8rem; background: #fde8e8; color: #7f1d1d; border-radius: 6px; }
</style>
</head>
<body><main><h1>${escape(title)}</h1>${body}</main></body>
</html>`;

export const signInPage = (page: {
  action: string;
  cancel: string;
  client: string;
  email: string;
  problem: string | null;
}): string =>
  layout(
    "Example Identity",
    `<p>Sign in to go on to ${escape(page.client)}.</p>
${page.problem === null ? "" : `<p role="alert">${escape(page.problem)}</p>`}
<form method="post" action="${escape(page.action)}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" value="${escape(page.email)}" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
<form method="post" action="${escape(page.cancel)}"><button class="quiet">Cancel</button></form>`,
  );

export const consentPage = (page: {
  action: string;
  cancel: string;
  client: string;
  name: string;
  scopes: readonly string[];
}): string =>
  layout(
    `Allow ${page.client}?`,
    `<p>You are ${escape(page.name)}. ${escape(page.client)} asks for:</p>
<ul>${page.scopes.map((scope) => `<li>${escape(scope)}</li>`).join("")}</ul>
<form method="post" action="${escape(page.action)}"><button>Allow</button></form>
<form method="post" action="${escape(page.cancel)}"><button class="quiet">Cancel</button></form>`,
  );

/** @param form the provider's own hidden form, which carries its protection against forged sign-outs */
export const signOutPage = (form: string): string =>
  layout(
    "Sign out of Example Identity?",
    `${form}<button autofocus type="submit" form="op.logoutForm" value="yes" name="logout">Sign out</button>`,
  );

export const messagePage = (title: string, message: string): string => layout(title, `<p>${escape(message)}</p>`);
