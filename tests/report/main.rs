//! The page of `-o html` in a real browser: a headless Chromium, driven by its DevTools protocol. Without one the tests say so and
//! check nothing; `CHROMIUM` names another program than `chromium`, and one that has to be there.

#![allow(clippy::unwrap_used, reason = "this crate is tests throughout")]

/// The browser.
mod browser;
/// What is there to be shown.
mod cases;
/// Names that are meant to do harm.
mod hostile;
/// A large cluster.
mod large;
/// Keyboard, headings, labels and captions.
mod reach;
/// Every view, with the numbers of the documents.
mod views;
