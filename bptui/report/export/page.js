"use strict";
(() => {
  const data = JSON.parse(document.getElementById("steps").textContent);
  const steps = [...document.querySelectorAll(".step")];
  if (!steps.length) return;
  const root = document.documentElement;
  const [slider, place, predict, whole] = ["slider", "place", "predict", "whole"].map((id) => document.getElementById(id));
  const score = { right: 0, asked: new Set() };
  let at = 0;

  const label = (kind, number, text) => document.querySelectorAll(`.${kind}${number}`).forEach((it) => { it.textContent = text; });

  function drawNumbers(index) {
    document.querySelectorAll(".number").forEach((it) => { it.textContent = ""; });
    ["v", "g"].forEach((kind) => {
      const known = Object.assign({}, ...data.slice(0, index + 1).map((it) => it[kind]));
      Object.entries(known).forEach(([number, text]) => label(kind, number, text));
    });
  }

  function form() { return steps[at].querySelector(".quiz"); }
  function isHidden() { return predict.checked && form() !== null && !score.asked.has(at); }

  function draw() {
    steps.forEach((it, index) => it.classList.toggle("shown", index === at));
    root.classList.toggle("stepping", !whole.checked);
    steps.forEach((it, index) => {
      const quiz = it.querySelector(".quiz");
      const hides = predict.checked && quiz !== null && !score.asked.has(index);
      it.classList.toggle("predicting", hides);
      if (quiz) quiz.hidden = !hides;
    });
    drawNumbers(isHidden() ? at - 1 : at);
    document.querySelectorAll(".current").forEach((it) => it.classList.remove("current", "forward", "backward", "update"));
    document.querySelectorAll(`.b${data[at].at}`).forEach((it) => it.classList.add("current", data[at].pass));
    slider.value = at;
    const asked = score.asked.size;
    place.textContent = `${at + 1} of ${steps.length}` + (predict.checked && asked ? `; ${score.right} of ${asked} right` : "");
    if (whole.checked) steps[at].scrollIntoView({ block: "nearest" });
    if (isHidden()) form().querySelector("input").focus();
  }

  function go(index) { at = Math.min(Math.max(index, 0), steps.length - 1); draw(); }

  function answered(index, isRight, words) {
    if (!score.asked.has(index)) { score.asked.add(index); score.right += isRight ? 1 : 0; }
    steps[index].querySelector(".told").insertAdjacentElement("beforebegin", verdict(isRight, words));
    draw();
    steps[index].querySelector("h2").focus();
  }

  function verdict(isRight, words) {
    const it = document.createElement("p");
    it.className = isRight ? "right" : "wrong";
    it.setAttribute("role", "status");
    it.textContent = words;
    return it;
  }

  steps.forEach((step, index) => {
    step.querySelector("h2").tabIndex = -1;
    const quiz = step.querySelector(".quiz");
    if (!quiz) return;
    const answer = Number(quiz.dataset.answer);
    quiz.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = quiz.querySelector("input").value.trim().replace(",", ".");
      const given = Number(typed);
      if (!typed || Number.isNaN(given)) { quiz.querySelector("output").textContent = "a number, such as 2.2"; return; }
      const isRight = Math.abs(given - answer) <= 0.005 * Math.abs(answer) + 1e-9;
      answered(index, isRight, isRight ? `✓ right: ${answer}` : `✗ ${given} is not right: it is ${answer}`);
    });
    quiz.querySelector(".reveal").addEventListener("click", () => answered(index, false, `it is ${answer}`));
  });

  const keys = {
    n: () => go(at + 1), ArrowRight: () => go(at + 1), PageDown: () => go(at + 1),
    N: () => go(at - 1), p: () => go(at - 1), ArrowLeft: () => go(at - 1), PageUp: () => go(at - 1),
    g: () => go(0), Home: () => go(0), G: () => go(steps.length - 1), End: () => go(steps.length - 1),
    "]": () => go(data.findIndex((it) => it.pass === "backward")), "[": () => go(0),
    P: () => { predict.checked = !predict.checked; draw(); },
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = (event.target instanceof Element && event.target.matches("input[type=text]")) || event.ctrlKey || event.altKey || event.metaKey;
    const isSlider = event.target === slider && event.key.startsWith("Arrow");
    if (isTyping || isSlider || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.getElementById("next").addEventListener("click", () => go(at + 1));
  document.getElementById("previous").addEventListener("click", () => go(at - 1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  [predict, whole].forEach((it) => it.addEventListener("change", draw));
  document.getElementById("controls").hidden = false;
  go(0);
})();
