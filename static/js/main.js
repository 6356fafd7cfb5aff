// Small behaviours for every page. Each binds itself by data- attributes, and every page works without them.
import "./confirm.js";
import "./copy.js";
import "./error_summary.js";
import "./menus.js";
import "./password.js";
import "./secret_rules.js";
import "./session.js";
import "./strength.js";
import "./submit_guard.js";
import "./tabs.js";
import "./theme_toggle.js";
import "./times.js";
