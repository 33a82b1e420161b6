//! What a server in development mode says to whoever started it.

use std::{env, net::SocketAddr};

use serde_json::{Value, json};

use crate::{
    auth::development::DevelopmentKey,
    cli::token::{Ttl, sign},
    config::Settings,
    domain::principal::{Principal, Role},
    http::api::document::example_application,
};

/// Where to look, how to sign in, and a `curl` that is ready to paste.
pub(super) fn greeting(settings: &Settings, key: &DevelopmentKey, address: SocketAddr) -> anyhow::Result<String> {
    let principal = Principal { subject: "dev-officer".into(), role: Role::Officer };
    let token = sign(settings, key, &principal, Ttl::ONE_DAY)?;
    let roles = Role::ALL.map(|role| role.to_string()).join(", ");
    let data_dir = settings.data_dir.display();
    let application = serde_json::to_string_pretty(&application_with_reasons())?;
    // As it was called, so that the lines can be pasted: `target/release/underwright`, say.
    let program = env::args().next().unwrap_or_else(|| "underwright".to_owned());
    Ok(format!(
        "\nUnderwright is running in development mode: on this machine only, with a key of its own making in {data_dir}.\n\
         \n\
         The console, as any role         http://{address}/\n\
         The API and its documentation    http://{address}/docs/\n\
         A token for any role             {program} token --role ROLE --data-dir {data_dir}\n\
         \x20                                ({roles})\n\
         Check the audit log              {program} audit verify --data-dir {data_dir}\n\
         \n\
         Decide an application of an invented applicant: paste this into another terminal.\n\
         \n\
         curl -sS http://{address}/v1/applications \\\n\
         \x20 -H 'Content-Type: application/json' \\\n\
         \x20 -H 'Authorization: Bearer {token}' \\\n\
         \x20 -d '{application}'\n\
         \n\
         Stop with Ctrl-C: what was acknowledged is recorded.\n"
    ))
}

/// The contract's application, asking for more over a longer time: a person reviews it, so that its decision shows
/// reasons, which an approval has none of.
fn application_with_reasons() -> Value {
    let mut application = example_application();
    application["loan"]["amount"] = json!(1_800_000);
    application["loan"]["term_months"] = json!(60);
    application
}
