// Small behaviours of the operator's own pages.
import "../confirm.js";
import "../submit_guard.js";
import "../times.js";
import "./shortcuts.js";
