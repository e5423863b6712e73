//! The user's AWS configuration files: which profiles there are, and how one of them gets its credentials.
//!
//! The files are read and put together by the SDK's own reader, so that they mean here what they mean everywhere.
//! Source: [settings of the configuration file][aws].
//!
//! [aws]: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html

use std::borrow::Cow;
use std::collections::BTreeSet;

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_cloudformation::config::Credentials;
use aws_types::os_shim_internal::{Env, Fs};

use super::source::How;
use crate::error::{CloudError, Kind};
use crate::failure::reasons;
use crate::text::{clean, shorten};

/// All profiles, and which one is meant.
#[derive(Debug)]
pub(super) struct Profiles(ProfileSet);

/// The roles that a profile goes through, in the order in which they are assumed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RoleChain {
    /// What the first role is assumed with.
    pub(super) base: Base,
    /// The roles.
    pub(super) roles: Vec<Role>,
}

/// Credentials that need no others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Those of another profile that has no role.
    Profile(String),
    /// Keys that stand in this profile.
    Keys(String),
    /// One of `Environment`, `EcsContainer` and `Ec2InstanceMetadata`.
    Named(String),
}

/// A role to assume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Role {
    /// The profile that says so.
    pub(super) profile: String,
    /// Which role.
    pub(super) arn: String,
    /// What the role's owner agreed with its user, against confusion.
    pub(super) external_id: Option<String>,
    /// The name that the session has in logs.
    pub(super) session_name: Option<String>,
    /// How long the session lasts, in seconds. Default: AWS's own, 1 hour.
    pub(super) duration: Option<i32>,
    /// The MFA device whose code is needed.
    pub(super) mfa_serial: Option<String>,
}

impl Profiles {
    /// Reads the files. `selected` is the profile that the command line names; else it is `AWS_PROFILE` or `default`.
    pub(super) async fn load(selected: Option<&str>) -> Result<Profiles, CloudError> {
        let selected = selected.map(|name| Cow::Owned(name.to_owned()));
        let files = EnvConfigFiles::default();
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &files, selected).await;
        set.map(Profiles).map_err(|error| {
            let why = shorten(&clean(&reasons(&error)), 300);
            invalid(format!("the AWS configuration files cannot be read: {why}"))
        })
    }

    /// The name of the profile that is meant.
    pub(super) fn selected(&self) -> &str {
        self.0.selected_profile()
    }

    /// Whether there is a profile of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get_profile(name).is_some()
    }

    /// All names, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.profiles().map(clean).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// How the selected profile gets its credentials, for the words of a message.
    pub(super) fn how(&self) -> How {
        let base = match self.roles() {
            Ok(Some(RoleChain { base: Base::Profile(name) | Base::Keys(name), .. })) => name,
            _ => self.selected().to_owned(),
        };
        let Some(profile) = self.0.get_profile(&base) else { return How::Keys };
        let has = |key| profile.get(key).is_some();
        if has("sso_session") || has("sso_start_url") {
            How::Sso { profile: base }
        } else if has("login_session") {
            How::Login { profile: base }
        } else if has("web_identity_token_file") {
            How::WebIdentity
        } else if has("credential_process") {
            How::Process { program: program(profile.get("credential_process").unwrap_or_default()) }
        } else {
            How::Keys
        }
    }

    /// The roles of the selected profile; `None` if it has none, or if only the SDK knows how to begin.
    pub(super) fn roles(&self) -> Result<Option<RoleChain>, CloudError> {
        let mut roles: Vec<Role> = Vec::new();
        let mut name = self.selected();
        loop {
            let Some(profile) = self.0.get_profile(name) else {
                return match roles.last() {
                    None => Ok(None),
                    Some(role) => Err(invalid(format!(
                        "the profile `{}` names the `source_profile` `{}`, which does not exist",
                        clean(&role.profile),
                        clean(name)
                    ))),
                };
            };
            if roles.iter().any(|role| role.profile == name) {
                return Err(invalid(format!(
                    "the profile `{}` comes back to itself by way of its `source_profile`",
                    clean(self.selected())
                )));
            }
            // As in the SDK: keys of a source profile win over its role.
            if (!roles.is_empty() && has_keys(profile)) || !is_role(profile) {
                let base = if has_keys(profile) {
                    Base::Keys(name.to_owned())
                } else {
                    Base::Profile(name.to_owned())
                };
                roles.reverse();
                return Ok((!roles.is_empty()).then_some(RoleChain { base, roles }));
            }
            roles.push(role(profile)?);
            match (profile.get("source_profile"), profile.get("credential_source")) {
                (Some(source), None) if source != name => name = source,
                (Some(_), None) if has_keys(profile) => {
                    roles.reverse();
                    return Ok(Some(RoleChain { base: Base::Keys(name.to_owned()), roles }));
                }
                (None, Some(source)) => {
                    roles.reverse();
                    return Ok(Some(RoleChain { base: Base::Named(source.to_owned()), roles }));
                }
                // A role on top of this profile's own sign-in, or a mistake: the SDK knows.
                _ => return self.only_the_sdk(&roles),
            }
        }
    }

    fn only_the_sdk(&self, roles: &[Role]) -> Result<Option<RoleChain>, CloudError> {
        if roles.iter().all(|role| role.mfa_serial.is_none()) {
            return Ok(None);
        }
        Err(invalid(format!(
            "the profile `{}` has an `mfa_serial` and neither a `source_profile` of another name nor a `credential_source`",
            clean(self.selected())
        )))
    }

    /// The keys that stand in a profile.
    pub(super) fn keys(&self, name: &str) -> Option<Credentials> {
        let profile = self.0.get_profile(name)?;
        Some(Credentials::new(
            profile.get("aws_access_key_id")?,
            profile.get("aws_secret_access_key")?,
            profile.get("aws_session_token").map(ToOwned::to_owned),
            None,
            "profile",
        ))
    }
}

fn has_keys(profile: &Profile) -> bool {
    profile.get("aws_access_key_id").is_some() && profile.get("aws_secret_access_key").is_some()
}

/// A web identity names a role too, but assumes it with its token alone.
fn is_role(profile: &Profile) -> bool {
    profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none()
}

fn role(profile: &Profile) -> Result<Role, CloudError> {
    let text = |key| profile.get(key).map(ToOwned::to_owned);
    let duration = match profile.get("duration_seconds").map(|text| (text, text.parse::<i32>())) {
        None => None,
        Some((_, Ok(seconds))) if (900..=43_200).contains(&seconds) => Some(seconds),
        Some((text, _)) => {
            return Err(invalid(format!(
                "`duration_seconds` of the profile `{}` is `{}`, and must be a number from 900 to 43200",
                clean(profile.name()),
                shorten(&clean(text), 40)
            )));
        }
    };
    Ok(Role {
        profile: profile.name().to_owned(),
        arn: text("role_arn").unwrap_or_default(),
        external_id: text("external_id"),
        session_name: text("role_session_name"),
        duration,
        mfa_serial: text("mfa_serial"),
    })
}

/// The program of a command line without its arguments, which may be secret.
fn program(command: &str) -> String {
    let first = match command.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => command.split_whitespace().next(),
    };
    shorten(&clean(first.unwrap_or_default()), 80)
}

fn invalid(what: String) -> CloudError {
    CloudError::new(Kind::Credentials, what)
        .state("nothing was asked of AWS")
        .next("correct `~/.aws/config`, or choose another profile with `--profile`")
}

#[cfg(test)]
mod tests {
    use aws_runtime::env_config::file::EnvConfigFileKind;

    use super::*;

    async fn profiles(text: &str, selected: &str) -> Profiles {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
        let env = Env::from(std::collections::HashMap::new());
        let set =
            aws_config::profile::load(&Fs::real(), &env, &files, Some(selected.to_owned().into())).await;
        Profiles(set.unwrap())
    }

    #[track_caller]
    fn roles(chain: &RoleChain) -> Vec<&str> {
        chain.roles.iter().map(|role| role.arn.as_str()).collect()
    }

    #[tokio::test]
    async fn a_chain_of_roles_is_assumed_from_its_far_end() {
        let text = "[profile a]\nrole_arn = A\nsource_profile = b\nmfa_serial = M\nduration_seconds = 900\n\
                    [profile b]\nrole_arn = B\nsource_profile = c\nexternal_id = E\nrole_session_name = N\n\
                    [profile c]\nsso_session = s\n[sso-session s]\nsso_region = us-east-1\n";
        let profiles = profiles(text, "a").await;
        let chain = profiles.roles().unwrap().unwrap();
        assert_eq!(chain.base, Base::Profile("c".into()));
        assert_eq!(roles(&chain), ["B", "A"]);
        assert_eq!(chain.roles[0].external_id.as_deref(), Some("E"));
        assert_eq!(chain.roles[0].session_name.as_deref(), Some("N"));
        assert_eq!(chain.roles[1].mfa_serial.as_deref(), Some("M"));
        assert_eq!(chain.roles[1].duration, Some(900));
        assert_eq!(profiles.how(), How::Sso { profile: "c".into() });
        assert_eq!(profiles.names(), ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn keys_of_a_source_profile_win_over_its_role() {
        let keys = "aws_access_key_id = I\naws_secret_access_key = S\n";
        let text = format!(
            "[profile a]\nrole_arn = A\nsource_profile = b\n[profile b]\nrole_arn = B\nsource_profile = b\n{keys}"
        );
        let chain = profiles(&text, "a").await.roles().unwrap().unwrap();
        assert_eq!((&chain.base, roles(&chain)), (&Base::Keys("b".into()), vec!["A"]));
        let itself = profiles(&text, "b").await.roles().unwrap().unwrap();
        assert_eq!((&itself.base, roles(&itself)), (&Base::Keys("b".into()), vec!["B"]));
    }

    #[tokio::test]
    async fn a_machines_own_credentials_may_be_the_source() {
        let text = "[profile a]\nrole_arn = A\ncredential_source = Ec2InstanceMetadata\n";
        let chain = profiles(text, "a").await.roles().unwrap().unwrap();
        assert_eq!(chain.base, Base::Named("Ec2InstanceMetadata".into()));
    }

    #[tokio::test]
    async fn mistakes_in_the_files_are_named() {
        let cases = [
            ("role_arn = A\nsource_profile = none", "`source_profile` `none`, which does not exist"),
            ("role_arn = A\nsource_profile = a\nmfa_serial = M", "has an `mfa_serial` and neither"),
            ("role_arn = A\nsource_profile = b\nduration_seconds = 1h", "is `1h`, and must be a number"),
            (
                "role_arn = A\nsource_profile = b\n[profile b]\nrole_arn = B\nsource_profile = a",
                "comes back to itself",
            ),
        ];
        for (text, expected) in cases {
            let error = profiles(&format!("[profile a]\n{text}\n"), "a").await.roles().unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.exit_code(), 5);
        }
    }

    #[tokio::test]
    async fn what_has_no_role_is_left_to_the_sdk() {
        for text in ["aws_access_key_id = I\naws_secret_access_key = S", "credential_process = p"] {
            assert_eq!(profiles(&format!("[profile a]\n{text}\n"), "a").await.roles().unwrap(), None);
        }
        let web = "[profile a]\nrole_arn = A\nweb_identity_token_file = /f\n";
        let web = profiles(web, "a").await;
        assert_eq!((web.roles().unwrap(), web.how()), (None, How::WebIdentity));
    }

    #[test]
    fn arguments_of_a_process_are_not_said() {
        assert_eq!(program("/opt/vault --token s3cret"), "/opt/vault");
        assert_eq!(program("\"/opt/my vault\" s3cret"), "/opt/my vault");
    }
}
