//! Whether a tag, the version in `Cargo.toml` and the changelog speak of the same release.

use anyhow::{Result, ensure};

/// An error that says which of them is behind.
pub(super) fn check(tag: &str, version: &str, changelog: &str) -> Result<()> {
    ensure!(
        tag == format!("v{version}"),
        "the tag is {tag}, but Cargo.toml has version {version}: it wants v{version}"
    );
    let heading = format!("## [{version}] - ");
    ensure!(
        changelog.lines().any(|line| line.starts_with(&heading)),
        "CHANGELOG.md has no heading '{heading}date'"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_version_and_changelog_must_agree() {
        let changelog = "## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n";
        assert!(check("v1.2.3", "1.2.3", changelog).is_ok());
        assert!(check("1.2.3", "1.2.3", changelog).is_err());
        assert!(check("v1.2.4", "1.2.3", changelog).is_err());
        assert!(check("v1.2.4", "1.2.4", changelog).is_err());
    }
}
