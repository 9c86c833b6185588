// Citation numbers open their cards, the copy button copies, and the page follows the conversation. Listeners sit on
// the document, since messages come and go.
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
    const button = event.target.closest("button.ca-copy");
    if (button && !button.disabled) copy(button);
  });
})();
