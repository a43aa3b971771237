//! The browser half: thin, and the only place that knows a browser.
