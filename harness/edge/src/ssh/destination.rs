//! Where a connection leads: a name that the user's own configuration knows, or an address.

use std::fmt;

/// A host as `ssh` takes it: `web`, `root@web.example.org`, `root@fd00::1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    host: String,
    /// Its port, where the user's configuration is not to say.
    pub port: Option<u16>,
}

/// A text is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host to connect to: write `host` or `user@host`")]
pub struct NotADestination(pub String);

impl Destination {
    /// Takes what no shell and no option of ssh can be made of.
    ///
    /// # Errors
    /// It is empty, begins with a hyphen, or holds anything but letters, digits and `@.:_-%[]`.
    pub fn new(host: &str, port: Option<u16>) -> Result<Self, NotADestination> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"@.:_-%[]".contains(&byte);
        let name = host.rsplit('@').next().unwrap_or_default();
        let option = |text: &str| text.is_empty() || text.starts_with('-');
        if option(host) || option(name) || host.starts_with('@') || !host.bytes().all(fits) {
            return Err(NotADestination(host.to_owned()));
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// As ssh takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_an_option_or_for_a_shell_is_a_host() {
        for good in ["web", "root@web.example.org", "root@fd00::1", "fe80::1%eth0"] {
            assert_eq!(Destination::new(good, None).unwrap().as_str(), good);
        }
        for bad in ["", "-oProxyCommand=x", "root@-web", "root@", "@web", "a b", "a;b", "$(x)", "a\nb", "a/b"]
        {
            assert_eq!(Destination::new(bad, None), Err(NotADestination(bad.to_owned())));
        }
    }
}
