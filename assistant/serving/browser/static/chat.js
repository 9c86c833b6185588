// Citation numbers open their cards, the copy button copies, thumbs judge an answer, and the page follows the
// conversation. Listeners sit on the document, since messages come and go.
(() => {
  "use strict";

  const openCard = (mark) => {
    const card = document.getElementById(mark.getAttribute("href").slice(1));
    if (!card) return;
    card.open = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    card.querySelector("summary").focus({ preventScroll: true });
    const quote = card.querySelector("mark") || card;
    // After the card has its height: scrolling to where it was would stop short.
    requestAnimationFrame(() => quote.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" }));
    card.classList.remove("ca-found");
    void card.offsetWidth; // restarts the animation
    card.classList.add("ca-found");
  };

  const copyWithoutClipboard = (text) => {
    // Over plain http from another machine, browsers keep the clipboard away from pages.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };

  const copy = async (button) => {
    const text = button.dataset.copy;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = copyWithoutClipboard(text);
    }
    const label = button.textContent;
    button.textContent = done ? "Copied" : "Copying was refused";
    button.disabled = true;
    setTimeout(() => {
      button.textContent = label;
      button.disabled = false;
    }, 1600);
  };

  // What was said of each answer. Gradio may draw a message anew, which then has to look as it did.
  const judged = new Map();

  const showJudged = () => {
    for (const box of document.querySelectorAll(".ca-feedback")) {
      const state = judged.get(box.dataset.answer);
      if (!state) continue;
      for (const thumb of box.querySelectorAll(".ca-thumb")) {
        const pressed = String(thumb.dataset.verdict === state.verdict);
        if (thumb.getAttribute("aria-pressed") !== pressed) thumb.setAttribute("aria-pressed", pressed);
      }
      const form = box.querySelector(".ca-why");
      if (form.hidden === state.asking) {
        form.hidden = !state.asking;
        if (state.asking) form.scrollIntoView({ block: "nearest" }); // under the last answer the box for questions hides it
      }
      const thanks = box.querySelector(".ca-thanks");
      if (thanks.textContent !== state.said) thanks.textContent = state.said;
    }
  };

  const judge = async (box, verdict, more, asking) => {
    const key = box.dataset.answer;
    const before = judged.get(key);
    const say = (state) => {
      judged.set(key, state);
      showJudged();
    };
    say({ verdict, asking, said: "Saving…" });
    let problem = "it could not be sent";
    try {
      const reply = await fetch("api/feedback", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ answer_id: key, verdict, ...more }),
        keepalive: true, // also if the page is closed right after the click
      });
      if (reply.ok) {
        const said = asking ? "Thank you. Tell what is wrong, if you like." : "Thank you for your feedback.";
        say({ verdict, asking, said });
        return true;
      }
      problem = (await reply.json()).detail || problem;
    } catch {
      // said below, like every other failure
    }
    say({ verdict: before?.verdict, asking: before?.asking ?? false, said: `Not saved: ${problem}` });
    return false;
  };

  const pressThumb = async (thumb) => {
    const box = thumb.closest(".ca-feedback");
    const down = thumb.dataset.verdict === "down";
    // Kept at once: a reader who closes the questions unanswered has said something, too.
    if ((await judge(box, thumb.dataset.verdict, {}, down)) && down) {
      document.querySelector(`[data-answer="${box.dataset.answer}"] input`)?.focus({ preventScroll: true });
    }
  };

  const sendReason = async (form) => {
    const box = form.closest(".ca-feedback");
    const chosen = form.querySelector("input:checked");
    const more = { comment: form.querySelector("textarea").value, ...(chosen && { reason: chosen.value }) };
    if (await judge(box, "down", more, false)) {
      document.querySelector(`[data-answer="${box.dataset.answer}"] [data-verdict="down"]`)?.focus({ preventScroll: true });
    }
  };

  // Gradio names each message by its source, which is HTML here: a screen reader would read the markup aloud.
  const nameMessages = () => {
    for (const message of document.querySelectorAll('.ca-chat [data-testid="bot"], .ca-chat [data-testid="user"]')) {
      const name = message.dataset.testid === "bot" ? "Answer" : "Question";
      if (message.getAttribute("aria-label") !== name) message.setAttribute("aria-label", name);
    }
  };

  // A new question goes to the top of the window and stays there while its answer comes, unless the reader scrolls.
  let asked = 0;
  let following = false;
  const follow = () => {
    const questions = document.querySelectorAll(".ca-chat .ca-question");
    if (questions.length > asked) following = true;
    asked = questions.length;
    if (!following || !asked) return;
    questions[asked - 1].scrollIntoView({ block: "start" });
    following = document.querySelector(".ca-chat .ca-pending") !== null;
  };
  for (const kind of ["wheel", "touchmove", "mousedown"]) {
    document.addEventListener(kind, () => (following = false), { passive: true });
  }

  new MutationObserver(() => {
    nameMessages();
    showJudged();
    follow();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const mark = event.target.closest("a.ca-mark");
    if (mark) {
      event.preventDefault();
      openCard(mark);
      return;
    }
    const thumb = event.target.closest("button.ca-thumb");
    if (thumb) pressThumb(thumb);
    const button = event.target.closest("button.ca-copy");
    if (button && !button.disabled) copy(button);
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".ca-why")) return;
    event.preventDefault();
    sendReason(event.target);
  });
})();
