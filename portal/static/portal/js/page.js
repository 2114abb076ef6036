// Says that script runs, so that styles can tell (html.js). Loaded by every page, first of all modules.
document.documentElement.classList.add("js");
