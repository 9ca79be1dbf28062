//! `guitai doctor`: the effective configuration, and whether what it names is there.

use std::io::{self, IsTerminal, Write};

use crate::config::Config;
use crate::ui::keymap::Keymap;
use crate::ui::text::Text;
use crate::ui::theme::Theme;

/// Writes the report.
///
/// # Errors
/// Standard output is gone.
pub fn report(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let mut shown = config.clone();
    if let Some(url) = &mut shown.database.url {
        *url = without_password(url);
    }
    writeln!(out, "# configuration")?;
    writeln!(out, "{shown:#?}")?;
    writeln!(out, "# checks")?;
    let theme = Theme::new(
        &config.theme,
        config.terminal.borders,
        config.terminal.truecolor,
        false,
    );
    for (what, result) in [
        ("texts", Text::load().map(drop)),
        ("keymap", Keymap::load().map(drop)),
        ("theme", theme.map(drop)),
        ("terminal", terminal()),
    ] {
        match result {
            Ok(()) => writeln!(out, "ok    {what}")?,
            Err(error) => writeln!(out, "FAIL  {what}: {error}")?,
        }
    }
    Ok(())
}

fn terminal() -> Result<(), String> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err("standard input and output are no terminal: start guitai in one".to_owned())
}

/// `postgres://name:secret@host/db` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let name = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let url = "postgres://shop:s3cr@et@db/guitai";
        assert_eq!(without_password(url), "postgres://shop@db/guitai");
    }
}
