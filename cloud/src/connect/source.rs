//! Where credentials came from, in words, and what renews them.

use aws_credential_types::provider::error::CredentialsError;

use crate::error::{CloudError, Kind};
use crate::failure::{ApiFailure, Class, reasons};
use crate::text::{clean, shorten, without_secrets};

/// How many characters of a provider's own words are shown.
const SHOWN: usize = 240;

/// Who gave us the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// `AWS_ACCESS_KEY_ID` and its companions.
    Environment,
    /// A profile of the AWS configuration files.
    Profile {
        /// Its name.
        name: String,
        /// How it, or the profile at the far end of its roles, signs in.
        how: How,
    },
    /// The token of a CI job or pod, by `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// The task or pod that we run in.
    Container,
    /// The EC2 instance that we run on.
    Instance,
    /// The caller of this crate.
    Given,
    /// The emulator, which takes any.
    Emulator,
}

/// How a profile signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// With keys that stand in the files.
    Keys,
    /// Through IAM Identity Center.
    Sso {
        /// The profile to sign in with.
        profile: String,
    },
    /// With a session of the console (`aws login`).
    Login {
        /// The profile to sign in with.
        profile: String,
    },
    /// With what a program writes.
    Process {
        /// The program, without its arguments.
        program: String,
    },
    /// With a token in a file.
    WebIdentity,
}

impl Source {
    /// The source in words that go after "the credentials from".
    pub(super) fn what(&self) -> String {
        match self {
            Source::Environment => "the environment (AWS_ACCESS_KEY_ID)".to_owned(),
            Source::Profile { name, how } => {
                let how = match how {
                    How::Keys => String::new(),
                    How::Sso { .. } => " (IAM Identity Center)".to_owned(),
                    How::Login { .. } => " (`aws login`)".to_owned(),
                    How::Process { program } => format!(" (credential_process `{program}`)"),
                    How::WebIdentity => " (web identity)".to_owned(),
                };
                format!("the profile `{}`{how}", clean(name))
            }
            Source::WebIdentity => "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)".to_owned(),
            Source::Container => "the container's role".to_owned(),
            Source::Instance => "the EC2 instance's role".to_owned(),
            Source::Given => "the caller".to_owned(),
            Source::Emulator => "the emulator".to_owned(),
        }
    }

    /// What gets new credentials from this source.
    pub(super) fn next(&self) -> String {
        match self {
            Source::Environment => {
                "set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them to use a profile; \
                 then run the same command again"
                    .to_owned()
            }
            Source::Profile { name, how } => match how {
                How::Keys => {
                    format!("put new keys in with `aws configure{}`, {AGAIN}", option(name))
                }
                How::Sso { profile } => format!("run `aws sso login{}`, {AGAIN}", option(profile)),
                How::Login { profile } => format!("run `aws login{}`, {AGAIN}", option(profile)),
                How::Process { program } => format!("run `{program}` by hand to see what it lacks, {AGAIN}"),
                How::WebIdentity => {
                    format!("put a new token into the profile's `web_identity_token_file`, {AGAIN}")
                }
            },
            Source::WebIdentity => {
                "start the job anew: the token in AWS_WEB_IDENTITY_TOKEN_FILE is made by what runs it".to_owned()
            }
            Source::Container => format!("see that the task or pod has a role, {AGAIN}"),
            Source::Instance => format!("see that the instance has a role, {AGAIN}"),
            Source::Given | Source::Emulator => "give other credentials".to_owned(),
        }
    }

    /// What to say when this source was there and could not give credentials.
    pub(super) fn failed(&self, error: &CredentialsError) -> CloudError {
        if let Some(known) = known_failure(error) {
            return known;
        }
        let why = match self {
            Source::Profile { how: How::Process { .. }, .. } => what_the_process_said(error),
            _ => deepest(error),
        };
        let why = shorten(&without_secrets(&clean(&why)), SHOWN);
        CloudError::new(Kind::Credentials, format!("no credentials from {}: {why}", self.what()))
            .state("nothing was asked of AWS")
            .next(self.next())
    }

    /// What to say when AWS does not answer a question about these credentials, or answers that they are no good.
    pub(super) fn refused(&self, failure: ApiFailure) -> CloudError {
        if failure.class != Class::Credentials {
            return failure.into_error();
        }
        let code = failure.code.map(|code| format!(" ({code})")).unwrap_or_default();
        let what =
            format!("AWS does not accept the credentials from {}: {}{code}", self.what(), failure.message);
        CloudError::new(Kind::Credentials, what).next(self.next())
    }
}

const AGAIN: &str = "then run the same command again";

/// `--profile` for a command line; nothing for the profile that is used anyway.
fn option(profile: &str) -> String {
    let profile = clean(profile);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+:".contains(c);
    match profile.as_str() {
        "default" => String::new(),
        name if name.chars().all(plain) => format!(" --profile {name}"),
        name => format!(" --profile '{}'", name.replace('\'', r"'\''")),
    }
}

/// A failure of ours that went through the SDK's hands, with its own words and next command.
fn known_failure(error: &(dyn std::error::Error + 'static)) -> Option<CloudError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(known) = error.downcast_ref::<CloudError>() {
            return Some(known.clone());
        }
        cause = error.source();
    }
    None
}

/// The first line that the program wrote on stderr; the rest may be anything.
fn what_the_process_said(error: &CredentialsError) -> String {
    let all = reasons(error);
    let Some((before, said)) = all.split_once("Stderr: ") else { return deepest(error) };
    let exit = before.rsplit_once("code ").map_or("", |(_, code)| code.trim_end_matches(['.', ' ']));
    match said.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("{exit}: {line}"),
        None => format!("{exit}, without a word"),
    }
}

/// The reasons without those that only say that credentials could not be loaded.
fn deepest(error: &CredentialsError) -> String {
    let mut said = Vec::new();
    let mut cause = Some(error as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    let telling = said.iter().filter(|text| !text.starts_with("an error occurred while loading"));
    let telling: Vec<&str> = telling.map(String::as_str).collect();
    if telling.is_empty() { error.to_string() } else { telling.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(how: How) -> Source {
        Source::Profile { name: "prod".into(), how }
    }

    #[track_caller]
    fn check(source: &Source, what: &str, next: &str) {
        assert_eq!(source.what(), what);
        assert!(source.next().starts_with(next), "{}", source.next());
    }

    // A4
    #[test]
    fn each_source_has_its_own_next_command() {
        let sso = |name: &str| profile(How::Sso { profile: name.into() });
        check(
            &sso("base"),
            "the profile `prod` (IAM Identity Center)",
            "run `aws sso login --profile base`,",
        );
        check(
            &sso("it's"),
            "the profile `prod` (IAM Identity Center)",
            r"run `aws sso login --profile 'it'\''s'`",
        );
        check(&sso("default"), "the profile `prod` (IAM Identity Center)", "run `aws sso login`,");
        let login = profile(How::Login { profile: "prod".into() });
        check(&login, "the profile `prod` (`aws login`)", "run `aws login --profile prod`,");
        check(
            &profile(How::Keys),
            "the profile `prod`",
            "put new keys in with `aws configure --profile prod`",
        );
        let process = profile(How::Process { program: "vault".into() });
        check(&process, "the profile `prod` (credential_process `vault`)", "run `vault` by hand");
        check(&Source::Environment, "the environment (AWS_ACCESS_KEY_ID)", "set new AWS_ACCESS_KEY_ID");
    }

    // A4
    #[test]
    fn a_process_is_quoted_with_one_line_and_no_secret() {
        let said = "Error retrieving credentials: external process exited with code exit status: 3. Stderr: \n\
                    sign in first\u{1b}[2J AKIDAKIDAKIDAKID1234 aws_secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n\
                    second line";
        let process = profile(How::Process { program: "vault".into() });
        let error = process.failed(&CredentialsError::provider_error(said));
        assert_eq!(
            error.to_string(),
            "no credentials from the profile `prod` (credential_process `vault`): \
             exit status: 3: sign in first [2J […] aws_secret=[…]"
        );
    }
}
