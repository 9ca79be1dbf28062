//! One test binary: every capability is a module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on should stop where it is"
)]

mod exchange;
mod exchange_screen;
mod level_review;
mod support;

mod architecture;
mod care;
mod care_screen;
mod catalogue;
mod cluster;
mod codes;
mod contract;
mod contract_screen;
mod counter;
mod coupon;
mod coupon_screen;
mod demo;
mod deposit;
mod deposit_screen;
mod devices;
mod disclosure;
mod doctor;
mod dormant;
mod drawer;
mod dues;
mod embedded;
mod evidence;
mod expiry;
mod family;
mod faults;
mod gear;
mod gift;
mod gift_card;
mod gift_card_screen;
mod gift_screen;
mod hostile;
mod kept;
mod killed;
mod layout;
mod ledger;
mod limits;
mod lists;
mod live;
mod lost;
mod manage;
mod member;
mod member_edit;
mod merge;
mod merge_screen;
mod package;
mod paper;
mod paying;
mod person;
mod points;
mod points_paid;
mod promotion;
mod promotion_screen;
mod proxy;
mod recipe;
mod redeem;
mod remote;
mod rights;
mod scanning;
mod segment;
mod segment_screen;
mod server_killed;
mod set_up;
mod set_up_screen;
mod settlement;
mod shell;
mod shift;
mod silence;
mod soak;
mod stored_value;
mod terminal;
mod trial;
mod trial_screen;
mod verify;
mod widgets;
