//! What a person sees and presses. Knows nothing of the database.
//!
//! Start with [`crate::ui::screen`]: it is the whole framework. Screens are made of widgets, plain
//! structs that take an input and draw themselves.

pub mod keymap;
pub mod new_card;
pub mod offer;
pub mod once;
pub mod paint;
mod paper;
pub mod screen;
pub mod screens;
pub mod seek;
pub mod single;
pub mod terminal;

pub mod text;
pub mod theme;
pub mod widgets;
pub mod width;
