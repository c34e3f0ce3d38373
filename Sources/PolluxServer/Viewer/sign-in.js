// Asks for an access token where the server wants one; the server keeps it in a cookie.

const dialog = document.getElementById("sign-in");
const field = document.getElementById("token");
const problem = document.getElementById("sign-in-problem");

/** Returns once the server lets this page in, or cannot be reached. */
export async function signIn() {
  const session = await fetch("/api/v1/session").catch(() => null);
  if (session?.status !== 401 || dialog.open) return;
  dialog.showModal();
  await new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.querySelector("form").onsubmit = async (event) => {
      event.preventDefault();
      problem.textContent = "";
      try {
        const answer = await fetch("/api/v1/session", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ token: field.value.trim() }),
        });
        if (!answer.ok) throw new Error((await answer.json()).error.message);
      } catch (reason) {
        problem.textContent = reason.message;
        field.select();
        return;
      }
      field.value = "";
      dialog.close();
      resolve();
    };
  });
}
