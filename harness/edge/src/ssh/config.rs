//! The one file from which ssh reads: what always holds, and after it the user's own configuration.
//!
//! Flows in: the settings, a private folder. Flows out: a file's path. Must not: state what is one connection's alone: ssh hands
//! the file on to the client that `ProxyJump` starts, and nothing else of what it was told.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{OpenOptionsExt as _, symlink},
    },
    path::{Path, PathBuf},
};

use super::Settings;

/// What holds whatever the user's configuration says; the first value that ssh meets counts.
///
/// No question is asked, no host key is learnt, nothing is forwarded, no connection is shared with anybody, none stays
/// behind, and errors are told, as they tell what went wrong.
const ALWAYS: &str = "BatchMode yes
StrictHostKeyChecking yes
UpdateHostKeys no
ConnectionAttempts 1
ControlMaster no
ControlPath none
ControlPersist no
PermitLocalCommand no
ClearAllForwardings yes
ForwardAgent no
ForwardX11 no
LogLevel ERROR
RequestTTY no
RemoteCommand none
SessionType default
StdinNull no
ForkAfterAuthentication no
ServerAliveInterval 5
ServerAliveCountMax 3
";

/// The user's own and the system's. The first is looked for in `~/.ssh`, as every file that is not given whole.
const OWN: &str = "Include config\nInclude /etc/ssh/ssh_config\n";

/// Writes the file into a folder that is this user's alone.
pub(super) fn write(folder: &Path, settings: &Settings) -> io::Result<PathBuf> {
    let mut text = String::from(ALWAYS);
    text.push_str(&format!("ConnectTimeout {}\n", settings.connect.as_secs().max(1)));
    match &settings.config {
        None => text.push_str(OWN),
        Some(given) => {
            text.push_str(&format!("Include \"{}\"\n", plain(folder, &fs::canonicalize(given)?)?));
        }
    }
    let file = folder.join("config");
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?.write_all(text.as_bytes())?;
    Ok(file)
}

/// A path as `Include` takes it whatever ssh makes of quotes, percent signs and stars: that of a link, where there are such.
fn plain(folder: &Path, given: &Path) -> io::Result<String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,=@: ".contains(byte);
    if given.as_os_str().as_bytes().iter().all(plain) {
        return Ok(given.display().to_string());
    }
    let link = folder.join("given");
    symlink(given, &link)?;
    Ok(link.display().to_string())
}
