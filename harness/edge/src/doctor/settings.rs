//! nix's settings, as far as seaworthy minds them.
//!
//! Flows in: what `nix config show --json` prints. Flows out: [`Settings`]. Must not: run nix.

use serde::Deserialize;
use serde_json::Value;

/// The settings that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// `experimental-features`
    pub(super) features: Vec<String>,
    /// `sandbox`
    pub(super) sandbox: Sandbox,
    /// `sandbox-fallback`: build without one where the machine allows none.
    pub(super) fallback: bool,
}

/// `sandbox`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sandbox {
    On,
    /// A derivation may ask to be let out.
    Relaxed,
    Off,
}

/// One setting among many; its description and default are not read.
#[derive(Deserialize)]
struct Setting {
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Shown {
    experimental_features: Setting,
    sandbox: Setting,
    sandbox_fallback: Option<Setting>,
}

/// Reads the settings; none where the text is something else.
pub(super) fn parse(shown: &str) -> Option<Settings> {
    let shown: Shown = serde_json::from_str(shown).ok()?;
    let features = shown.experimental_features.value.as_array()?.iter();
    Some(Settings {
        features: features.filter_map(Value::as_str).map(str::to_owned).collect(),
        sandbox: match shown.sandbox.value {
            Value::Bool(true) => Sandbox::On,
            Value::Bool(false) => Sandbox::Off,
            Value::String(word) if word == "relaxed" => Sandbox::Relaxed,
            _ => return None,
        },
        fallback: shown.sandbox_fallback.is_some_and(|setting| setting.value == Value::Bool(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nix 2.34.8 printed, with most settings and descriptions left out.
    const SHOWN: &str = r#"{
        "experimental-features": {"aliases": [], "defaultValue": [], "description": "...", "documentDefault": true,
            "experimentalFeature": null, "value": ["flakes", "fetch-tree", "nix-command"]},
        "sandbox": {"aliases": ["build-use-chroot", "build-use-sandbox"], "defaultValue": true, "description": "...",
            "documentDefault": true, "experimentalFeature": null, "value": true},
        "sandbox-fallback": {"aliases": [], "defaultValue": true, "value": true},
        "store": {"aliases": [], "defaultValue": "auto", "value": "auto"}}"#;

    #[test]
    fn what_nix_prints_is_read() {
        let features = ["flakes", "fetch-tree", "nix-command"].map(str::to_owned).to_vec();
        assert_eq!(parse(SHOWN), Some(Settings { features, sandbox: Sandbox::On, fallback: true }));
    }

    #[test]
    fn the_sandbox_has_three_states() {
        let sandbox = |value: &str| {
            let shown = SHOWN
                .replace(r#""experimentalFeature": null, "value": true"#, &format!(r#""value": {value}"#));
            parse(&shown).map(|settings| settings.sandbox)
        };
        assert_eq!(sandbox("false"), Some(Sandbox::Off));
        assert_eq!(sandbox("\"relaxed\""), Some(Sandbox::Relaxed));
        assert_eq!(sandbox("17"), None);
    }

    #[test]
    fn an_old_nix_without_the_fallback_is_read_too() {
        let shown = SHOWN.replace("sandbox-fallback", "something-else");
        assert_eq!(parse(&shown).map(|settings| settings.fallback), Some(false));
    }

    #[test]
    fn anything_else_is_none() {
        for shown in ["", "{}", "null", "[1]", r#"{"sandbox":{"value":true}}"#] {
            assert_eq!(parse(shown), None, "{shown}");
        }
    }
}
