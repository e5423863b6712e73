//! What holds something: images, secrets, keys, files.

use super::money::Amount;
use super::prices;
use super::sheet::{Group, Sheet, Use};
use super::view::Thing;

/// Prices a secret, and each of its copies in other regions.
pub(super) fn secret(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    match thing.count("ReplicaRegions") {
        Ok(copies) => {
            sheet.add(thing, Group::Secrets, "secrets", &prices::SECRET, Amount::whole(1 + copies));
            sheet.uses(thing, Use::Secret);
        }
        Err(why) => sheet.not_priced(thing, why),
    }
}

/// Prices a key of one's own.
pub(super) fn key(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    sheet.add(thing, Group::Keys, "keys", &prices::KEY, Amount::whole(1));
    sheet.uses(thing, Use::Key);
}

/// Notes a file system, and what of it is billed besides what it holds.
pub(super) fn file_system(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    match thing.value("AvailabilityZoneName") {
        Ok(None) => sheet.uses(thing, Use::Efs),
        Ok(Some(_)) => sheet.uses(thing, Use::EfsOneZone),
        Err(why) => return sheet.not_priced(thing, why),
    }
    match thing.text("ThroughputMode") {
        Ok(Some(mode)) if mode == "elastic" => {
            sheet.not_priced(
                thing,
                "what is read and written (elastic throughput): its price is not confirmed",
            );
        }
        Ok(Some(mode)) if mode == "provisioned" => {
            sheet.not_priced(thing, "provisioned throughput: its price is not confirmed");
        }
        Ok(_) => {}
        Err(why) => sheet.not_priced(thing, why),
    }
    match thing.is("BackupPolicy.Status", "ENABLED", false) {
        Ok(true) => sheet.not_priced(thing, "its automatic backups: their price is not confirmed"),
        Ok(false) => {}
        Err(why) => sheet.not_priced(thing, why),
    }
}

/// Notes a parameter of the Parameter Store: a standard one is free.
pub(super) fn parameter(thing: Thing<'_>, sheet: &mut Sheet<'_>) {
    match thing.text("Tier") {
        Ok(None) => sheet.free(thing.item.type_name()),
        Ok(Some(tier)) if tier == "Standard" => sheet.free(thing.item.type_name()),
        Ok(Some(tier)) => sheet.not_priced(thing, format!("no price is known here for the tier `{tier}`")),
        Err(why) => sheet.not_priced(thing, why),
    }
}

/// Adds what is billed by what is held and how often it is asked for.
pub(super) fn by_use(sheet: &mut Sheet<'_>) {
    let files = [Use::Efs, Use::EfsOneZone];
    for (how, what, price) in [
        (Use::Efs, "files", &prices::EFS_GB),
        (Use::EfsOneZone, "files in one zone", &prices::EFS_ONE_ZONE_GB),
    ] {
        let Some(resources) = sheet.uses.get(&how).cloned() else { continue };
        let amount = sheet.share("efs_gb", how, &files);
        sheet.add_use(Group::Efs, what, price, amount, resources);
    }
    if let Some(resources) = sheet.uses.remove(&Use::Ecr) {
        let amount = sheet.assume("ecr_gb");
        sheet.add_use(Group::Ecr, "images", &prices::ECR_GB, amount, resources);
    }
    for (how, group, name, what, price) in [
        (Use::Secret, Group::Secrets, "secret_calls", "calls", &prices::SECRET_CALLS),
        (Use::Key, Group::Keys, "kms_requests", "requests", &prices::KEY_CALLS),
    ] {
        let Some(resources) = sheet.uses.remove(&how) else { continue };
        let by_ten_thousand = sheet.assume(name).per(10_000);
        // What nobody assumes is told as assumed to be nothing.
        if !by_ten_thousand.is_zero() {
            sheet.add_use(group, what, price, by_ten_thousand, resources);
        }
    }
}
