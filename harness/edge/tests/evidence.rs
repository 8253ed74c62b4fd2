//! Evidence that travels: real keys, the system's ssh-keygen and ssh-agent, real git.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests make keys and repositories, and change what was signed"
)]

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use edge::{
    evidence::{Attested, Found, Keygen, Kind, Pass, REF, Refused, Repository, Shelf},
    process::Spawner,
    state::State,
};
use model::{check::CheckId, digest::Digest, evidence::RunId, promotion::Signer};

fn attested(names: &[&str]) -> Attested {
    let pass = |name: &&str| Pass {
        key: Digest::of(name),
        check: CheckId(format!("s::{name}")),
        run: RunId("20261120T110812Z-000000".to_owned()),
        at: "2026-11-20T11:08:12Z".parse().expect("a time"),
    };
    Attested {
        tool: "0.1.0".to_owned(),
        capabilities: vec!["nix 2.34.8".to_owned()],
        passes: names.iter().map(pass).collect(),
    }
}

/// The first program of that name on PATH.
fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").expect("a PATH");
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()).expect(name)
}

struct Desk {
    folder: tempfile::TempDir,
    environment: BTreeMap<OsString, OsString>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().as_os_str().to_owned();
        let path = env::var_os("PATH").expect("a PATH");
        let nothing = || OsString::from("/dev/null");
        let environment = [("HOME", home), ("PATH", path), ("GIT_CONFIG_SYSTEM", nothing())];
        Self { folder, environment: environment.map(|(name, value)| (name.into(), value)).into() }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(tool(program));
        command.args(arguments).env_clear().envs(&self.environment).current_dir(self.folder.path());
        let output = command.output().expect(program);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A new key, with no passphrase.
    fn key(&self, name: &str) -> (PathBuf, Signer) {
        let file = self.folder.path().join(name);
        self.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &file.to_string_lossy()]);
        let line = fs::read_to_string(file.with_extension("pub")).expect("a public key");
        (file, Signer::parse(&line).expect("a signer"))
    }

    fn keygen(&self) -> Keygen {
        let (program, environment) = (tool("ssh-keygen"), self.environment.clone());
        Keygen { program, environment, spawner: Spawner::new() }
    }

    async fn signed(&self, attested: &Attested, key: &Path) -> Vec<u8> {
        Shelf::sign(attested, &self.keygen(), key).await.expect("a signature")
    }

    /// A new clone of a remote repository, which is made where it is not there.
    fn clone_of_remote(&self, name: &str) -> Repository {
        if !self.folder.path().join("remote").exists() {
            self.run("git", &["init", "--quiet", "--bare", "remote"]);
        }
        self.run("git", &["clone", "--quiet", "remote", name]);
        // A fleet may stand anywhere in its repository.
        let folder = self.folder.path().join(name).join("fleets/mine");
        fs::create_dir_all(&folder).expect("a folder");
        Repository {
            git: tool("git"),
            folder,
            environment: self.environment.clone(),
            spawner: Spawner::new(),
        }
    }
}

/// The one envelope of a shelf with nothing but these bytes on it.
fn on_a_shelf(bytes: &[u8], signers: &[Signer]) -> Found {
    let project = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::of(&State::open(project.path()).expect("a state folder"));
    shelf.file(bytes).expect("it is filed");
    shelf.read(signers).expect("it is read").remove(0)
}

#[tokio::test]
async fn what_a_signer_attests_counts_and_says_by_whom() {
    let desk = Desk::new();
    let (file, signer) = desk.key("ci");
    let attested = attested(&["a", "b"]);
    let found = on_a_shelf(&desk.signed(&attested, &file).await, &[desk.key("other").1, signer]);
    assert_eq!((found.claimed, found.signer), (Some(attested), Ok("ci".to_owned())));
}

#[tokio::test]
async fn openssh_itself_takes_the_signature() {
    let desk = Desk::new();
    let (file, signer) = desk.key("ci");
    let envelope: serde_json::Value =
        serde_json::from_slice(&desk.signed(&attested(&["a"]), &file).await).expect("JSON");
    let decode = |field: &serde_json::Value| {
        data_encoding::BASE64.decode(field.as_str().expect("text").as_bytes()).expect("base64")
    };
    let signed = edge::evidence::Envelope::to_sign(Kind::Evidence, &decode(&envelope["payload"]));
    let place = |name: &str| desk.folder.path().join(name);
    fs::write(place("signed"), signed).unwrap();
    let body = envelope["signatures"][0]["sig"].as_str().unwrap();
    let lines: Vec<&str> =
        body.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let armor = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"));
    fs::write(place("signed.sig"), armor).unwrap();
    fs::write(place("allowed"), format!("ci ssh-ed25519 {}\n", signer.key)).unwrap();
    let line = "ssh-keygen -Y verify -f allowed -I ci -n seaworthy-evidence -s signed.sig <signed";
    assert!(desk.run("sh", &["-c", line]).contains("Good \"seaworthy-evidence\" signature for ci"));
}

#[tokio::test]
async fn no_changed_byte_makes_a_claim_that_counts() {
    let desk = Desk::new();
    let (file, signer) = desk.key("ci");
    let attested = attested(&["a"]);
    let sound = desk.signed(&attested, &file).await;
    let project = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&State::open(project.path()).unwrap());
    let folder = project.path().join(".seaworthy/evidence");
    fs::create_dir(&folder).unwrap();
    let mut refused = 0;
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 1 << (at % 7);
        // As it would be filed, without waiting for the disk each time.
        let file = folder.join(format!("{}.json", Digest::of(&changed).hex()));
        fs::write(&file, &changed).unwrap();
        let found = shelf.read(std::slice::from_ref(&signer)).unwrap().remove(0);
        fs::remove_file(&file).unwrap();
        // The name of the key is no part of what is signed.
        assert!(found.signer.is_err() || found.claimed.as_ref() == Some(&attested), "byte {at}");
        refused += usize::from(found.signer.is_err());
    }
    assert!(refused > sound.len() * 9 / 10, "{refused} of {}", sound.len());
}

#[tokio::test]
async fn each_kind_of_bad_evidence_is_refused_with_its_reason() {
    let desk = Desk::new();
    let ((file, signer), (foreign, _)) = (desk.key("ci"), desk.key("eve"));
    let (sound, signers) = (desk.signed(&attested(&["a"]), &file).await, [signer]);
    let why = |bytes: &[u8]| on_a_shelf(bytes, &signers).signer.unwrap_err();

    let theirs = desk.signed(&attested(&["a"]), &foreign).await;
    assert!(matches!(why(&theirs), Refused::Foreign(print) if print.starts_with("SHA256:")));

    // The payload of one, the signature of another.
    let mut mixed: serde_json::Value = serde_json::from_slice(&sound).unwrap();
    let other: serde_json::Value =
        serde_json::from_slice(&desk.signed(&attested(&["b"]), &file).await).unwrap();
    mixed["payload"] = other["payload"].clone();
    assert_eq!(why(&serde_json::to_vec(&mixed).unwrap()), Refused::Tampered("ci".to_owned()));

    mixed["signatures"] = serde_json::json!([]);
    assert_eq!(why(&serde_json::to_vec(&mixed).unwrap()), Refused::Unsigned);
    assert!(matches!(why(b"{}"), Refused::NotEvidence(_)));

    // A signature that was made for something else.
    let payload = data_encoding::BASE64.decode(other["payload"].as_str().unwrap().as_bytes()).unwrap();
    let signed = desk.folder.path().join("signed");
    fs::write(&signed, edge::evidence::Envelope::to_sign(Kind::Evidence, &payload)).unwrap();
    let (signed, key) = (signed.to_string_lossy(), file.to_string_lossy());
    desk.run("ssh-keygen", &["-q", "-Y", "sign", "-n", "git", "-f", &key, &signed]);
    let armor = fs::read_to_string(format!("{signed}.sig")).unwrap();
    let body: String = armor.lines().filter(|line| !line.starts_with("---")).collect();
    mixed["signatures"] = serde_json::json!([{ "keyid": "", "sig": body }]);
    assert_eq!(why(&serde_json::to_vec(&mixed).unwrap()), Refused::Unsigned);

    // A file that was changed on this computer.
    let project = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(&State::open(project.path()).unwrap());
    let digest = shelf.file(&sound).unwrap();
    fs::write(project.path().join(format!(".seaworthy/evidence/{}.json", digest.hex())), &theirs).unwrap();
    assert_eq!(shelf.read(&signers).unwrap()[0].signer, Err(Refused::Misfiled));
}

/// An agent of its own; it ends with the test.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_key_that_the_agent_holds_signs_and_an_encrypted_one_asks_nobody() {
    let mut desk = Desk::new();
    let (file, signer) = desk.key("ci");
    let socket = desk.folder.path().join("agent");
    let mut agent = Command::new(tool("ssh-agent"));
    agent.args(["-D", "-a"]).arg(&socket).env_clear().envs(&desk.environment).stdout(Stdio::null());
    let _agent = Agent(agent.spawn().unwrap());
    while !socket.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    desk.environment.insert("SSH_AUTH_SOCK".into(), socket.into());
    desk.run("ssh-add", &["-q", &file.to_string_lossy()]);
    fs::remove_file(&file).unwrap();
    let signed = desk.signed(&attested(&["a"]), &file.with_extension("pub")).await;
    assert_eq!(on_a_shelf(&signed, &[signer]).signer, Ok("ci".to_owned()));

    let locked = desk.folder.path().join("locked");
    desk.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "secret", "-f", &locked.to_string_lossy()]);
    let refused = Shelf::sign(&attested(&["a"]), &desk.keygen(), &locked).await.unwrap_err();
    assert!(refused.to_string().contains("signs nothing with"), "{refused}");
}

#[tokio::test]
async fn git_carries_it_from_one_clone_to_another_and_nothing_else_changes() {
    let desk = Desk::new();
    let (file, signer) = desk.key("ci");
    let (ci, laptop) = (desk.clone_of_remote("ci-clone"), desk.clone_of_remote("laptop"));
    assert_eq!(laptop.pull("origin").await.unwrap(), []);
    let envelope = desk.signed(&attested(&["a"]), &file).await;
    assert_eq!(ci.push("origin", std::slice::from_ref(&envelope)).await.unwrap(), 1);
    assert_eq!(ci.push("origin", std::slice::from_ref(&envelope)).await.unwrap(), 0, "it is there already");
    let pulled = laptop.pull("origin").await.unwrap();
    assert_eq!(pulled, [(format!("{}.json", Digest::of(&envelope).hex()), envelope.clone())]);
    assert_eq!(on_a_shelf(&pulled[0].1, &[signer]).signer, Ok("ci".to_owned()));
    let refs = desk.run("git", &["-C", "remote", "for-each-ref", "--format", "%(refname)"]);
    assert_eq!(refs.trim(), REF, "no branch and no tag");
    assert_eq!(desk.run("git", &["-C", "laptop", "status", "--porcelain"]), "");
}

#[tokio::test]
async fn what_somebody_changed_in_the_ref_is_put_right_by_the_next_push() {
    let desk = Desk::new();
    let (file, _) = desk.key("ci");
    let ci = desk.clone_of_remote("ci-clone");
    let envelope = desk.signed(&attested(&["a"]), &file).await;
    ci.push("origin", std::slice::from_ref(&envelope)).await.unwrap();
    let name = format!("{}.json", Digest::of(&envelope).hex());
    let changed = format!(
        "cd remote && b=$(echo changed | git hash-object -w --stdin) && d=$(printf '100644 blob %s\tx\n' $b | git mktree) && \
         t=$(printf '100644 blob %s\t{name}\n040000 tree %s\tfolder\n' $b $d | git mktree) && \
         git update-ref {REF} $(git -c user.name=x -c user.email=x@x commit-tree $t -p {REF} -m x)"
    );
    desk.run("sh", &["-c", &changed]);
    assert_eq!(ci.pull("origin").await.unwrap(), [(name.clone(), b"changed\n".to_vec())]);
    assert_eq!(ci.push("origin", std::slice::from_ref(&envelope)).await.unwrap(), 1, "it is not there");
    assert_eq!(ci.pull("origin").await.unwrap(), [(name, envelope)]);
}

#[tokio::test]
async fn those_who_push_at_once_lose_nothing() {
    let desk = Desk::new();
    let (file, _) = desk.key("ci");
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d"] {
        all.push((desk.clone_of_remote(name), desk.signed(&attested(&[name]), &file).await));
    }
    let mut pushes = tokio::task::JoinSet::new();
    for (clone, envelope) in all {
        pushes.spawn(async move { clone.push("origin", &[envelope]).await });
    }
    while let Some(pushed) = pushes.join_next().await {
        assert_eq!(pushed.unwrap().unwrap(), 1);
    }
    assert_eq!(desk.clone_of_remote("e").pull("origin").await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_remote_that_is_not_there_is_named() {
    let desk = Desk::new();
    let error = desk.clone_of_remote("a").pull("nowhere").await.unwrap_err();
    assert!(error.to_string().starts_with("git ls-remote failed: "), "{error}");
}
