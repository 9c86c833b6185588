// <corpus-assistant endpoint="https://host" key="…" mode="inline|bubble" theme="light|dark|auto" lang="en|ru"
// heading="…" placeholder="…">: asks a Corpus Assistant and shows its answers with their quotations.
//
// One file without dependencies. Looks are a constructed stylesheet and everything that comes from elsewhere is
// inserted as text, so it works under a strict Content-Security-Policy with Trusted Types. Colours, font and
// corners are custom properties (--ca-accent, --ca-background, … at the top of STYLE), single parts have
// `part` names. It tells its page by the events `corpus-assistant:answer` and `corpus-assistant:error`.
(() => {
  "use strict";
  if (customElements.get("corpus-assistant")) return; // the script stands on the page twice

  const script = document.currentScript ?? document.querySelector('script[src$="/widget.js"]'); // null in a module
  const HOME = script?.src ? new URL(script.src).origin : location.origin;
  const MOST_TURNS = 20;
  const LONGEST_QUESTION = 4000;
  const MOST_PASSAGES = 5;
  const WITHOUT_PASSAGES = ["small_talk", "language", "empty_corpus"];

  const WORDS = {
    en: {
      heading: "Ask the documents",
      placeholder: "Ask about the documents",
      welcome: "Every sentence of an answer carries a number. The number opens the words it rests on, quoted exactly.",
      open: "Open the assistant",
      close: "Close",
      fresh: "New conversation",
      freshDone: "A new conversation has begun",
      conversation: "Conversation",
      question: "Your question",
      ask: "Ask",
      stop: "Stop",
      waiting: "Reading the documents…",
      stopped: "Stopped.",
      source: (number, title) => `Source ${number}: ${title}`,
      quotations: "Quotations",
      page: (page) => `p. ${page}`,
      link: "Open the source",
      shortAnswer: "Short answer",
      nearest: "Nearest passages, not an answer",
      refused: "The corpus does not answer this",
      false_premise: "The corpus does not support what the question takes for granted",
      ambiguous: "The question can be read in more than one way",
      language: "The question is in a language that the corpus is not read in",
      small_talk: "Not a question about the documents",
      empty_corpus: "There are no documents to answer from",
      failed: "That did not work",
      lost: "The connection was lost before the answer was complete",
      unreachable: "The assistant can't be reached",
      locked: "The assistant did not accept this page's key",
      busy: "Too many questions at once",
      wait: (seconds) => `You can ask again in ${seconds} s.`,
      waited: "You can ask again now.",
      again: "Ask again",
    },
    ru: {
      heading: "Вопросы к документам",
      placeholder: "Задайте вопрос по документам",
      welcome: "У каждого предложения ответа есть номер. Он открывает слова, на которых оно основано: точную цитату.",
      open: "Открыть помощника",
      close: "Закрыть",
      fresh: "Новый разговор",
      freshDone: "Начат новый разговор",
      conversation: "Разговор",
      question: "Ваш вопрос",
      ask: "Спросить",
      stop: "Остановить",
      waiting: "Читаю документы…",
      stopped: "Остановлено.",
      source: (number, title) => `Источник ${number}: ${title}`,
      quotations: "Цитаты",
      page: (page) => `с. ${page}`,
      link: "Открыть источник",
      shortAnswer: "Краткий ответ",
      nearest: "Ближайшие отрывки, не ответ",
      refused: "В документах нет ответа на этот вопрос",
      false_premise: "Документы не подтверждают того, из чего исходит вопрос",
      ambiguous: "Вопрос можно понять по-разному",
      language: "Вопрос на языке, на котором документы не читаются",
      small_talk: "Это не вопрос о документах",
      empty_corpus: "Нет документов, чтобы по ним ответить",
      failed: "Не получилось",
      lost: "Соединение прервалось до конца ответа",
      unreachable: "Помощник недоступен",
      locked: "Помощник не принял ключ этой страницы",
      busy: "Слишком много вопросов сразу",
      wait: (seconds) => `Снова спросить можно через ${seconds} с.`,
      waited: "Теперь можно спросить снова.",
      again: "Спросить снова",
    },
  };

  const ICONS = {
    bubble: "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5",
    ask: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
    stop: "M7 7h10v10H7z",
    fresh: "M12 5v14M5 12h14",
    close: "M6 6l12 12M18 6 6 18",
  };

  const COLOURS = {
    light:
      "--bg:#fbfbf9;--sheet:#fff;--ink:#1d2023;--soft:#5c6369;--line:#dfe1dd;--edge:#868c88;--acc:#17597d;" +
      "--on:#fff;--asked:#eeefeb;--quote:#fdeeae;--quote-ink:#2b2405;--warn:#855700;--bad:#a3262a;",
    dark:
      "--bg:#16181a;--sheet:#1d2023;--ink:#e6e6e2;--soft:#a0a6ab;--line:#34383c;--edge:#757c82;--acc:#8cc5e3;" +
      "--on:#10202a;--asked:#292c2f;--quote:#5b4b10;--quote-ink:#fff4cc;--warn:#e2b457;--bad:#f09a9c;",
  };

  // What a page may set comes first: each falls back to the colour of the theme.
  const STYLE = `
:host { display: flex; flex-direction: column; box-sizing: border-box; min-height: 18rem; height: 100%;
  ${COLOURS.light} color-scheme: light; }
:host([theme="dark"]) { ${COLOURS.dark} color-scheme: dark; }
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"], [theme="dark"])) { ${COLOURS.dark} color-scheme: dark; }
}
:host([mode="bubble"]) { display: contents; }
:host([hidden]) { display: none; }
.root {
  --background: var(--ca-background, var(--bg));
  --surface: var(--ca-surface, var(--sheet));
  --text: var(--ca-text, var(--ink));
  --muted: var(--ca-muted, var(--soft));
  --border: var(--ca-border, var(--line));
  --accent: var(--ca-accent, var(--acc));
  --on-accent: var(--ca-on-accent, var(--on));
  --asked-back: var(--ca-question, var(--asked));
  --mark: var(--ca-mark, var(--quote));
  --mark-text: var(--ca-mark-text, var(--quote-ink));
  --radius: var(--ca-radius, 10px);
  --gap: var(--ca-bubble-gap, 20px);
  --tint: color-mix(in srgb, var(--accent) 11%, var(--background));
  flex: 1; min-height: 0; display: flex; flex-direction: column;
  font: 16px/1.5 var(--ca-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  color: var(--text); text-align: start; letter-spacing: normal;
}
:host([mode="bubble"]) .root { display: contents; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, h2, h3, blockquote { margin: 0; font: inherit; }
button { font: inherit; color: inherit; cursor: pointer; touch-action: manipulation; }
button:disabled { cursor: default; }
svg { display: block; width: 20px; height: 20px; fill: none; stroke: currentcolor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.panel { position: relative; flex: 1; min-height: 0; display: flex; flex-direction: column; overflow: hidden;
  background: var(--background); border: 1px solid var(--border); border-radius: var(--radius); }
.top { display: flex; align-items: center; gap: 4px; padding: 6px 6px 6px 16px;
  border-bottom: 1px solid var(--border); }
.top h2 { flex: 1; min-width: 0; font-weight: 650; overflow-wrap: anywhere; line-height: 1.3; }
.tool { flex: none; display: grid; place-items: center; width: 36px; height: 36px; padding: 0; border: 0;
  border-radius: 8px; background: none; color: var(--muted); }
.tool:hover:enabled { background: var(--tint); color: var(--accent); }
.tool:disabled { opacity: .4; }
.log { position: relative; flex: 1; min-height: 5rem; overflow: auto; overflow-wrap: anywhere; padding: 16px;
  overscroll-behavior: contain; }
.log:focus-visible { outline-offset: -3px; }
.welcome { color: var(--muted); max-width: 34em; }

.turn + .turn { margin-top: 26px; }
.question { width: fit-content; max-width: 88%; margin: 0 0 14px auto; padding: 8px 14px; border-radius: 14px;
  background: var(--asked-back); white-space: pre-wrap; }
.answer { line-height: 1.62; }
.sentence { unicode-bidi: isolate; }
.short { font-weight: 680; text-decoration: underline 2px var(--accent); text-underline-offset: 3px; }
.headline { font-size: 19px; font-weight: 680; margin-bottom: 4px; }
.joint { white-space: nowrap; }
.cite { min-width: 24px; height: 24px; margin-inline-start: 3px; padding: 0 6px; border: 0; border-radius: 6px;
  background: var(--tint); color: var(--accent); font-size: 12px; font-weight: 650; line-height: 24px;
  vertical-align: 1px; font-variant-numeric: tabular-nums; }
.cite:hover { background: var(--accent); color: var(--on-accent); }
.status, .note { margin-top: 8px; color: var(--muted); font-size: 14px; white-space: pre-line; }
.status.busy::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-inline-end: 9px;
  border-radius: 50%; background: var(--accent); animation: breathe 1.2s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: .25; } }

.notice { padding: 11px 15px; border-inline-start: 3px solid var(--tone, var(--border)); border-radius: 3px 9px 9px 3px;
  background: color-mix(in srgb, var(--glow, var(--muted)) 9%, var(--background)); white-space: pre-line; }
.notice .label { color: var(--tone, var(--muted)); font-weight: 650; }
.notice.refusal { --tone: var(--warn); --glow: #eaa400; }
.notice.error { --tone: var(--bad); --glow: #e03a3f; margin-top: 10px; }
.again { margin-top: 8px; padding: 6px 12px; border: 1px solid var(--edge); border-radius: 8px;
  background: var(--surface); font-weight: 600; font-size: 14px; }
.again:disabled { color: var(--muted); border-color: var(--border); }

.sources h3 { margin: 14px 0 6px; color: var(--muted); font-size: 13px; font-weight: 600; }
.card { border: 1px solid var(--border); border-radius: 8px; background: var(--surface); }
.card { scroll-margin: 12px; }
.card + .card { margin-top: 6px; }
summary { display: flex; gap: 9px; align-items: baseline; cursor: pointer; list-style: none; border-radius: 8px; }
summary::-webkit-details-marker { display: none; }
.card > summary { padding: 8px 12px; font-size: 14px; line-height: 1.4; }
.card > summary::after, .nearest > summary::before { content: "›"; flex: none; width: 1ch; color: var(--muted);
  font-size: 17px; line-height: 1; text-align: center; }
[open] > summary::after, .nearest[open] > summary::before { transform: rotate(90deg); }
.number { flex: none; color: var(--accent); font-weight: 700; font-variant-numeric: tabular-nums; }
.name { flex: 1; min-width: 0; }
.title { display: block; font-weight: 600; }
.facts { color: var(--muted); font-size: 13px; }
summary:hover .title { text-decoration: underline 1px; text-underline-offset: 3px; }
.body { padding: 2px 12px 12px; font-size: 15px; line-height: 1.6; }
blockquote { white-space: pre-wrap; }
blockquote.exact { padding: 6px 10px; border-radius: 5px; background: var(--mark); color: var(--mark-text); }
.link { display: inline-block; margin-top: 8px; color: var(--accent); font-size: 14px; font-weight: 600;
  text-underline-offset: 3px; }
.nearest { margin-top: 8px; }
.nearest > summary { width: fit-content; padding: 5px 4px; color: var(--muted); font-size: 14px; }
.nearest .card { margin-top: 6px; }

.box { display: flex; gap: 8px; align-items: end; margin: 0 12px 12px; padding: 5px 5px 5px 14px; border-radius: 14px;
  border: 1px solid var(--edge); background: var(--surface); }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
textarea { flex: 1; min-width: 0; max-height: 8.5rem; padding: 6px 0; border: 0; resize: none; background: none;
  color: inherit; font: inherit; field-sizing: content; }
textarea:focus-visible { outline: 0; } /* the box around it shows the focus */
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { flex: none; display: grid; place-items: center; width: 36px; height: 36px; padding: 0; border: 0;
  border-radius: 10px; background: var(--accent); color: var(--on-accent); }

.bubble { position: fixed; z-index: 2147483000; inset: auto var(--gap) var(--gap) auto; display: grid;
  place-items: center; width: 56px; height: 56px; padding: 0; border: 1px solid transparent; border-radius: 50%; background: var(--accent);
  color: var(--on-accent); box-shadow: 0 4px 16px rgb(0 0 0 / .28); }
.bubble[aria-expanded="true"] { box-shadow: none; } /* it would show under the dialog */
.bubble svg { width: 26px; height: 26px; }
.bubble:focus-visible { outline-offset: 3px; }
dialog { position: fixed; inset: auto var(--gap) var(--gap) auto; width: min(410px, 100vw - 2 * var(--gap));
  max-width: none; height: min(660px, 100dvh - 2 * var(--gap)); max-height: none; margin: 0; padding: 0; border: 0;
  border-radius: var(--radius); background: none; color: inherit; box-shadow: 0 12px 44px rgb(0 0 0 / .32); }
dialog[open] { display: flex; animation: rise .16s ease-out; }
dialog::backdrop { background: none; }
@keyframes rise { from { opacity: 0; transform: translateY(12px); } }
@media (max-width: 480px), (max-height: 440px) {
  dialog { inset: 0; width: auto; height: auto; border-radius: 0; }
  dialog .panel { border: 0; border-radius: 0; }
}
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; } }
@media (forced-colors: active) { .cite, .bubble, .send { border: 1px solid; } }
`;

  /** Why there is no answer; `kind` is the name of the words that a reader is told. */
  class Trouble extends Error {
    constructor(kind, { status = 0, title = "", detail = "", retryAfter = null } = {}) {
      super(detail || title || kind);
      Object.assign(this, { kind, status, title, detail, retryAfter });
    }
  }

  // --- The way to the server ---

  /** The lines of a byte stream; chunks may end anywhere, also inside a character or between CR and LF. */
  async function* lines(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let afterReturn = false;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        let text = done ? decoder.decode() : decoder.decode(value, { stream: true });
        if (afterReturn && text.startsWith("\n")) text = text.slice(1), (afterReturn = false);
        if (text) afterReturn = text.endsWith("\r");
        const parts = (rest + text).split(/\r\n|\r|\n/);
        rest = parts.pop();
        yield* parts;
        if (done) return; // a line that does not end belongs to an event that was cut off
      }
    } finally {
      reader.cancel().catch(() => {}); // a stream that has failed already says so once more
    }
  }

  /** The server-sent events of a byte stream. */
  async function* events(body) {
    let name = "";
    let data = [];
    for await (const line of lines(body)) {
      if (line === "") {
        if (data.length) yield { name, data: data.join("\n") };
        name = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":"); // a comment begins with one, and so has no field
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") name = value;
      if (field === "data") data.push(value);
    }
  }

  /** Seconds to wait, of a Retry-After header that holds seconds or a date. */
  const secondsToWait = (header) => {
    if (!header) return null;
    const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
    return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
  };

  const refusal = async (response) => {
    const problem = await response.json().catch(() => ({})); // a proxy between may say it in HTML
    const { status } = response;
    const kind = status === 429 ? "busy" : status === 401 || status === 403 ? "locked" : "failed";
    const { title, detail } = problem ?? {};
    return new Trouble(kind, {
      status,
      title: String(title ?? response.statusText),
      detail: typeof detail === "string" ? detail : "",
      retryAfter: secondsToWait(response.headers.get("Retry-After")),
    });
  };

  /** Asks, and yields [name, data] of each event up to `done`; throws Trouble, or what `signal` throws. */
  async function* askServer(endpoint, key, question, history, signal) {
    const headers = { "Content-Type": "application/json", Accept: "text/event-stream, application/problem+json" };
    if (key) headers.Authorization = `Bearer ${key}`;
    const request = { method: "POST", headers, signal, credentials: "omit", cache: "no-store" };
    request.body = JSON.stringify({ question, history });
    let response;
    try {
      response = await fetch(`${endpoint}/api/ask/stream`, request);
    } catch (error) {
      throw signal.aborted ? error : new Trouble("unreachable", { title: String(error.message) });
    }
    if (!response.ok) throw await refusal(response);
    try {
      for await (const event of events(response.body)) {
        const data = JSON.parse(event.data);
        if (event.name === "error") throw new Trouble("failed", data);
        yield [event.name, data];
        if (event.name === "done") return;
      }
    } catch (error) {
      if (signal.aborted || error instanceof Trouble) throw error;
    }
    throw new Trouble("lost");
  }

  // --- What an answer looks like ---

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };

  /** Of a document or a person: its language is not known, and its direction is its own. */
  const foreign = (tag, attributes, text) => make(tag, { lang: "", dir: "auto", ...attributes }, text);

  const onOneLine = (text) => text.trim().split(/\s+/).join(" ");

  /** Where the short answer stands in a sentence; the server counts code points of the stored text. */
  const spanOfShortAnswer = (text, short, citation) => {
    if (citation && text === onOneLine(citation.quote)) {
      const points = Array.from(citation.quote);
      const upTo = (offset) => points.slice(0, offset - citation.start).join("");
      return [onOneLine(`${upTo(short.start)}|`).length - 1, onOneLine(upTo(short.end)).length];
    }
    const start = text.indexOf(onOneLine(short.text));
    return start < 0 ? null : [start, start + onOneLine(short.text).length];
  };

  /** Wraps what lies between two offsets of the text that `nodes` make up; no other node is moved. */
  const emphasise = (nodes, start, end) => {
    let offset = 0;
    for (const node of nodes) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, node.length);
      offset += node.length;
      if (from >= to) continue;
      const middle = from ? node.splitText(from) : node;
      if (to - from < middle.length) middle.splitText(to - from);
      const strong = make("strong", { class: "short", part: "short-answer" });
      middle.replaceWith(strong);
      strong.append(middle);
    }
  };

  /** A question with its answer as it comes in. `say(node, apply)` gives a node words in the reader's language. */
  class Turn {
    constructor(question, say, id) {
      this.question = question;
      this.say = say;
      this.id = id;
      this.citations = new Map();
      this.sentences = [];
      const label = make("span", { class: "unseen" });
      say(label, (words) => (label.textContent = `${words.question}: `));
      const asked = foreign("span", {}, question);
      this.text = make("p", { part: "text", lang: "", dir: "auto" });
      this.cards = make("div");
      const heading = make("h3");
      say(heading, (words) => (heading.textContent = words.quotations));
      // The log is read out as it grows; its cards are read when they are opened.
      const quiet = { class: "sources", part: "sources", "aria-live": "off", hidden: "" };
      this.sources = make("section", quiet, heading, this.cards);
      this.status = make("p", { class: "status busy", part: "status" });
      say(this.status, (words) => (this.status.textContent = words.waiting));
      this.answer = make("div", { class: "answer", part: "answer" }, this.text, this.status, this.sources);
      const shown = make("p", { class: "question", part: "question", dir: "auto" }, label, asked);
      this.node = make("div", { class: "turn", part: "turn" }, shown, this.answer);
    }

    cite(citation) {
      if (this.citations.has(citation.number)) return;
      const number = make("span", { class: "number" }, String(citation.number));
      const quote = foreign("blockquote", { class: "exact", part: "quote" }, citation.quote);
      const card = this.card("quotation", citation, quote, number);
      card.id = `${this.id}-${citation.number}`;
      this.citations.set(citation.number, { citation, card });
      this.cards.append(card);
      this.sources.hidden = false;
    }

    sentence({ text, citations }) {
      // The number stays on the line of the last word.
      const cut = text.length - text.lastIndexOf(" ") > 24 ? text.length : text.lastIndexOf(" ") + 1;
      const nodes = [document.createTextNode(text.slice(0, cut)), document.createTextNode(text.slice(cut))];
      const joint = make("span", { class: "joint" }, nodes[1], ...citations.map((number) => this.mark(number)));
      if (this.sentences.length) this.text.append(" ");
      this.text.append(make("span", { part: "sentence" }, nodes[0], joint));
      this.sentences.push({ text, citations, nodes });
    }

    mark(number) {
      const button = make("button", { type: "button", class: "cite", part: "citation" }, String(number));
      const { citation, card } = this.citations.get(number) ?? {};
      if (!card) return button;
      this.say(button, (words) => button.setAttribute("aria-label", words.source(number, citation.title)));
      button.title = citation.title;
      button.setAttribute("aria-controls", card.id);
      button.addEventListener("click", () => {
        card.open = true;
        card.querySelector("summary").focus({ preventScroll: true });
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        // After the card has its height: scrolling to where it was would stop short.
        requestAnimationFrame(() => card.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" }));
      });
      return button;
    }

    /** A closed card: title, date, page and path; inside, words of the document and the way to it. */
    card(part, source, words, ...before) {
      const facts = make("span", { class: "facts" });
      this.say(facts, ({ page }) => {
        const all = [source.date, source.page == null ? null : page(source.page), source.path];
        facts.textContent = all.filter(Boolean).join(" · ");
      });
      const name = make("span", { class: "name" }, foreign("span", { class: "title" }, source.title ?? ""), facts);
      const body = make("div", { class: "body" }, words);
      if (/^https?:\/\/[^\s/]/i.test(source.url ?? "")) {
        const link = make("a", { class: "link", part: "link", target: "_blank", rel: "noopener noreferrer nofollow" });
        link.href = source.url;
        link.title = source.url;
        this.say(link, (spoken) => (link.textContent = spoken.link));
        body.append(make("div", {}, link));
      }
      return make("details", { class: "card", part }, make("summary", {}, ...before, name), body);
    }

    finish(answer) {
      this.status.remove();
      for (const citation of answer.citations ?? []) this.cite(citation);
      for (const sentence of (answer.sentences ?? []).slice(this.sentences.length)) this.sentence(sentence);
      if (answer.answered && answer.short_answer) this.shortAnswer(answer.short_answer);
      if (!answer.answered) this.refuse(answer);
      for (const note of answer.notes ?? []) this.sources.before(foreign("p", { class: "note", part: "note" }, note));
    }

    shortAnswer(short) {
      const sentence = this.sentences.find(({ citations }) => citations.includes(short.citation));
      const cited = this.citations.get(short.citation)?.citation;
      const span = sentence && spanOfShortAnswer(sentence.text, short, cited);
      if (span) emphasise(sentence.nodes, ...span);
      else this.text.before(foreign("p", { class: "headline", part: "short-answer" }, short.text));
    }

    refuse({ reason, explanation, passages }) {
      const label = make("p", { class: "label" });
      this.say(label, (words) => (label.textContent = words[reason] ?? words.refused));
      const told = `${WORDS.en[reason] ?? WORDS.en.refused}.`; // the label says it
      const said = (explanation ?? "").replace(told, "").trim();
      const notice = make("div", { class: "notice", part: "refusal", role: "note" }, label);
      notice.classList.toggle("refusal", reason !== "small_talk");
      if (said) notice.append(foreign("p", { part: "explanation" }, said));
      this.text.replaceWith(notice);
      const offered = WITHOUT_PASSAGES.includes(reason) ? [] : (passages ?? []).slice(0, MOST_PASSAGES);
      if (!offered.length) return;
      const summary = make("summary");
      this.say(summary, (words) => (summary.textContent = words.nearest));
      const cards = offered.map((p) => this.card("passage", p, foreign("blockquote", {}, p.text.trim())));
      this.sources.after(make("details", { class: "nearest", part: "nearest", "aria-live": "off" }, summary, ...cards));
    }

    stop() {
      this.status.classList.remove("busy");
      this.say(this.status, (words) => (this.status.textContent = words.stopped));
    }

    /** Says what went wrong and offers to ask again, after the time that the server wants to be left alone. */
    fail(trouble, again, announce) {
      const label = make("p", { class: "label" });
      this.say(label, (words) => (label.textContent = words[trouble.kind]));
      const notice = make("div", { class: "notice error", part: "error" }, label);
      if (trouble.detail) notice.append(foreign("p", {}, trouble.detail));
      const button = make("button", { type: "button", class: "again", part: "again" });
      this.say(button, (words) => (button.textContent = words.again));
      button.addEventListener("click", again);
      const seconds = Math.min(trouble.retryAfter ?? 0, 86_400);
      if (seconds) {
        const wait = make("p");
        this.say(wait, (words) => (wait.textContent = words.wait(seconds)));
        notice.append(wait);
        button.disabled = true;
        setTimeout(() => {
          button.disabled = false;
          wait.remove();
          if (button.isConnected) announce((words) => words.waited);
        }, seconds * 1000);
      }
      notice.append(button);
      this.status.replaceWith(notice);
    }
  }

  // --- The element ---

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);

  class CorpusAssistant extends HTMLElement {
    static observedAttributes = ["mode", "lang", "heading", "placeholder"];

    #spoken = new WeakMap(); // node → what gives it its words
    #history = [];
    #turns = 0;
    #running = null;
    #following = false;
    #parts = {};

    constructor() {
      super();
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [sheet];
      shadow.append(this.#build());
    }

    connectedCallback() {
      this.#layout();
      this.#speak();
    }

    disconnectedCallback() {
      this.#parts.dialog.close();
      // One that is only moved to another place goes on.
      queueMicrotask(() => this.isConnected || this.#running?.abort());
    }

    attributeChangedCallback(name, before, now) {
      if (before === now) return;
      if (name === "mode") this.#layout();
      else this.#speak();
    }

    /** What was said so far, oldest first: `{ role: "user" | "assistant", content }`. */
    get history() {
      return this.#history.map((turn) => ({ ...turn }));
    }

    /** Asks a question as if it had been typed; resolves to the answer, or to null where there is none. */
    async ask(question) {
      const asked = String(question ?? "").trim();
      if (!asked) return null;
      this.#running?.abort();
      const run = (this.#running = new AbortController());
      const turn = this.#begin(asked);
      const endpoint = (this.getAttribute("endpoint") || HOME).replace(/\/+$/, "");
      const earlier = this.#history.slice(-MOST_TURNS);
      try {
        for await (const [name, data] of askServer(endpoint, this.getAttribute("key"), asked, earlier, run.signal)) {
          run.signal.throwIfAborted();
          if (name === "citation") turn.cite(data);
          if (name === "sentence") turn.sentence(data);
          if (name === "done") return this.#finish(turn, data);
          this.#follow(turn);
        }
        return null;
      } catch (error) {
        if (run.signal.aborted) turn.stop();
        else if (error instanceof Trouble) this.#fail(turn, error);
        else throw error;
        return null;
      } finally {
        if (this.#running === run) this.#rest();
      }
    }

    focus(options) {
      const { bubble, dialog, input } = this.#parts;
      (bubble.hidden || dialog.open ? input : bubble).focus(options);
    }

    #begin(question) {
      const { log, welcome, fresh, send, stop, dialog, bubble } = this.#parts;
      if (!bubble.hidden && !dialog.open) this.#open();
      const turn = new Turn(question, (node, apply) => this.#say(node, apply), `source-${++this.#turns}`);
      welcome.hidden = true;
      log.append(turn.node);
      const focused = this.shadowRoot.activeElement;
      fresh.disabled = false;
      stop.hidden = false;
      if (focused === send) stop.focus();
      send.hidden = true;
      this.#following = true;
      this.#follow(turn);
      return turn;
    }

    #finish(turn, answer) {
      turn.finish(answer);
      this.#follow(turn);
      const content = answer.answered ? answer.text : answer.explanation;
      this.#history.push({ role: "user", content: turn.question }, { role: "assistant", content: content ?? "" });
      this.#tell("answer", answer);
      return answer;
    }

    #fail(turn, trouble) {
      const again = () => {
        turn.node.remove();
        this.#parts.log.focus({ preventScroll: true });
        this.ask(turn.question);
      };
      turn.fail(trouble, again, (words) => this.#announce(words));
      this.#follow(turn);
      const { kind, status, title, detail, retryAfter } = trouble;
      this.#tell("error", { kind, status, title, detail, retryAfter });
    }

    #rest() {
      const { send, stop } = this.#parts;
      const focused = this.shadowRoot.activeElement;
      this.#running = null;
      send.hidden = false;
      if (focused === stop) send.focus();
      stop.hidden = true;
    }

    #tell(name, detail) {
      this.dispatchEvent(new CustomEvent(`corpus-assistant:${name}`, { detail, bubbles: true, composed: true }));
    }

    /** Keeps the end in sight, but never the question out of it, and leaves a reader alone who scrolls. */
    #follow(turn) {
      const { log } = this.#parts;
      if (this.#following) log.scrollTop = Math.max(log.scrollTop, turn.node.offsetTop - 12);
    }

    #startAnew() {
      const { log, welcome, fresh, input } = this.#parts;
      this.#running?.abort();
      this.#history = [];
      log.replaceChildren(welcome);
      welcome.hidden = false;
      input.value = "";
      input.focus();
      fresh.disabled = true;
      this.#announce((words) => words.freshDone);
    }

    #submit() {
      const { input } = this.#parts;
      const question = input.value;
      if (this.#running) return;
      if (!question.trim()) input.focus();
      else (input.value = ""), this.ask(question);
    }

    #open() {
      const { dialog, bubble, input } = this.#parts;
      dialog.showModal();
      bubble.setAttribute("aria-expanded", "true");
      input.focus();
    }

    /** Tab goes round inside the dialog, also where the browser would lead it into its own bars. */
    #keepFocusInside(event) {
      if (event.key !== "Tab") return;
      const all = this.#parts.dialog.querySelectorAll("button:enabled, textarea, summary, a[href], [tabindex]");
      const reachable = [...all].filter((node) => node.checkVisibility());
      const edge = event.shiftKey ? reachable[0] : reachable.at(-1);
      if (this.shadowRoot.activeElement !== edge) return;
      event.preventDefault();
      (event.shiftKey ? reachable.at(-1) : reachable[0]).focus();
    }

    /** The panel stands in the page, or in a dialog behind a button. */
    #layout() {
      const { dialog, root, panel, bubble, close } = this.#parts;
      const inBubble = this.getAttribute("mode") === "bubble";
      dialog.close();
      (inBubble ? dialog : root).append(panel);
      bubble.hidden = close.hidden = !inBubble;
      if (inBubble) panel.removeAttribute("role");
      else panel.setAttribute("role", "region");
    }

    #words() {
      const wanted = this.getAttribute("lang") || document.documentElement.lang || "en";
      return WORDS[wanted.toLowerCase().split("-")[0]] ?? WORDS.en;
    }

    #say(node, apply) {
      this.#spoken.set(node, apply);
      apply(this.#words());
    }

    #speak() {
      const words = this.#words();
      this.#parts.root.lang = words === WORDS.ru ? "ru" : "en";
      for (const node of this.shadowRoot.querySelectorAll("*")) this.#spoken.get(node)?.(words);
    }

    #announce(pick) {
      this.#say(this.#parts.told, (words) => (this.#parts.told.textContent = pick(words)));
    }

    #button(kind, name, action) {
      const button = make("button", { type: "button", class: kind, part: `button ${name}` }, icon(name));
      this.#say(button, (words) => {
        const label = name === "bubble" ? words.open : words[name];
        button.setAttribute("aria-label", label);
        button.title = label;
      });
      button.addEventListener("click", action);
      return button;
    }

    #build() {
      const parts = this.#parts;
      parts.title = make("h2", { id: "heading", part: "heading" });
      this.#say(parts.title, (words) => (parts.title.textContent = this.getAttribute("heading") ?? words.heading));
      parts.fresh = this.#button("tool", "fresh", () => this.#startAnew());
      parts.fresh.disabled = true;
      parts.close = this.#button("tool", "close", () => parts.dialog.close());
      const top = make("div", { class: "top", part: "header" }, parts.title, parts.fresh, parts.close);

      parts.welcome = make("p", { class: "welcome", part: "welcome" });
      this.#say(parts.welcome, (words) => (parts.welcome.textContent = words.welcome));
      const live = { role: "log", "aria-live": "polite", "aria-relevant": "additions", tabindex: "0" };
      parts.log = make("div", { class: "log", part: "log", ...live }, parts.welcome);
      this.#say(parts.log, (words) => parts.log.setAttribute("aria-label", words.conversation));
      for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"]) {
        parts.log.addEventListener(sign, () => (this.#following = false), { passive: true });
      }

      parts.input = make("textarea", { rows: "1", maxlength: LONGEST_QUESTION, part: "input", dir: "auto" });
      parts.input.setAttribute("enterkeyhint", "send");
      this.#say(parts.input, (words) => {
        parts.input.placeholder = this.getAttribute("placeholder") ?? words.placeholder;
        parts.input.setAttribute("aria-label", words.question);
      });
      parts.input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.#submit();
      });
      parts.send = this.#button("send", "ask", () => this.#submit());
      parts.stop = this.#button("send", "stop", () => this.#running?.abort());
      parts.stop.hidden = true;
      const box = make("div", { class: "box", part: "box" }, parts.input, parts.send, parts.stop);

      parts.told = make("p", { class: "unseen", role: "status" });
      const panel = { class: "panel", part: "panel", "aria-labelledby": "heading" };
      parts.panel = make("div", panel, top, parts.log, box, parts.told);
      parts.bubble = this.#button("bubble", "bubble", () => {
        parts.bubble.focus(); // not every browser focuses what is clicked, and focus comes back here
        this.#open();
      });
      parts.bubble.setAttribute("aria-haspopup", "dialog");
      parts.bubble.setAttribute("aria-expanded", "false");
      parts.dialog = make("dialog", { part: "dialog", "aria-labelledby": "heading" });
      parts.dialog.addEventListener("close", () => parts.bubble.setAttribute("aria-expanded", "false"));
      parts.dialog.addEventListener("click", (event) => event.target === parts.dialog && parts.dialog.close());
      parts.dialog.addEventListener("keydown", (event) => this.#keepFocusInside(event));
      parts.root = make("div", { class: "root", part: "root" }, parts.bubble, parts.dialog, parts.panel);
      return parts.root;
    }
  }

  customElements.define("corpus-assistant", CorpusAssistant);
})();
