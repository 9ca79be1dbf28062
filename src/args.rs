//! The command line. Without a subcommand guitai opens the console.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::device::rules::FILE;
use crate::ui::text::Lang;

/// 柜台: a keyboard-driven store console for shops that live on regular customers.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// Read this configuration file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Which of the shop's tills this console is.
    #[arg(long, value_name = "NUMBER", global = true, value_parser = clap::value_parser!(u16).range(1..))]
    pub till: Option<u16>,

    /// Language of the screen.
    #[arg(long, value_enum, global = true)]
    pub lang: Option<Lang>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of opening the console.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Open a shop to try things in, made up and kept apart from yours.
    Demo {
        /// Members to make.
        #[arg(long, default_value_t = 300)]
        members: u32,
        /// The same seed makes the same shop.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Recompute every chain and balance from the postings and name the first difference (LG6).
    Verify {
        /// The demo shop's instead.
        #[arg(long)]
        demo: bool,
        /// The demo shop of so many members.
        #[arg(long, default_value_t = 300, requires = "demo")]
        members: u32,
    },
    /// Export everything a member can be shown of her account: a page to print, and tables.
    Evidence {
        /// Her phone, card number, member code or number.
        member: String,
        /// Of the demo shop instead.
        #[arg(long)]
        demo: bool,
        /// The demo shop of so many members.
        #[arg(long, default_value_t = 300, requires = "demo")]
        members: u32,
    },
    /// Bring the database to this version, as its owner.
    Migrate {
        /// Give the tills' role `guitai_app` the password in this file.
        #[arg(long, value_name = "FILE")]
        app_password_file: Option<PathBuf>,
    },
    /// Read the scanners of this machine and print what they scan.
    Scan {
        /// One JSON object a line, for scripts.
        #[arg(long)]
        json: bool,
        /// Learn a scanner that plays a keyboard: the first that sends a code is remembered.
        #[arg(long)]
        learn: bool,
    },
    /// Print a test page on the printer of `[printer]`, or say why not.
    Print {
        /// Open the drawer instead, to try it: only until the first till is opened on this machine.
        #[arg(long)]
        drawer: bool,
    },
    /// Show the effective configuration and check what it names.
    Doctor {
        /// Print only the udev rules of the scanners that are plugged in, one a line.
        #[arg(long)]
        rules: bool,
        /// Write those rules where udev reads them, as root: what stands there stays.
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = FILE, conflicts_with = "rules")]
        write_rules: Option<PathBuf>,
    },
}
