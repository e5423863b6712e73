//! What an architecture can have wrong although every property is right: one file for each subject.

mod alarms;
mod blocks;
mod capacity;
mod containers;
mod credentials;
mod data;
mod deployments;
mod dns;
mod ecs_values;
mod efs_volumes;
mod fargate;
mod firewall;
mod grants;
mod health_checks;
mod images;
mod keys;
mod listeners;
mod logs;
mod permissions;
mod reach;
mod roles;
mod routes;
mod scaling;
mod secrets;
mod security_groups;
mod start_order;
mod target_groups;
mod task_network;
mod task_roles;
mod task_routes;
#[cfg(test)]
mod testing;
mod tls;
mod vpcs;
mod zones;

use crate::check::Lint;

pub(crate) use credentials::shape::{is_secret_name, of as credential_in};
pub(crate) use secrets::is_secret_property;

/// Every lint.
pub(super) fn all() -> impl Iterator<Item = &'static Lint> {
    let subjects = [
        alarms::LINTS,
        blocks::LINTS,
        capacity::LINTS,
        containers::LINTS,
        credentials::LINTS,
        data::LINTS,
        deployments::LINTS,
        dns::LINTS,
        ecs_values::LINTS,
        efs_volumes::LINTS,
        fargate::LINTS,
        firewall::LINTS,
        grants::LINTS,
        health_checks::LINTS,
        images::LINTS,
        keys::LINTS,
        listeners::LINTS,
        logs::LINTS,
        permissions::LINTS,
        reach::LINTS,
        roles::LINTS,
        routes::LINTS,
        scaling::LINTS,
        secrets::LINTS,
        security_groups::LINTS,
        start_order::LINTS,
        target_groups::LINTS,
        task_network::LINTS,
        task_roles::LINTS,
        task_routes::LINTS,
        tls::LINTS,
        vpcs::LINTS,
        zones::LINTS,
    ];
    subjects.into_iter().flatten()
}
