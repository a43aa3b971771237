//! What Streams and the CCP's own buttons ask the instance to do.

use super::{
    contact::{Done, Kind, NewContact, Refusal, UnixMs},
    model::Model,
};
use serde_json::{Value, json};

fn text<'a>(params: &'a Value, name: &str) -> Done<&'a str> {
    params[name]
        .as_str()
        .ok_or_else(|| Refusal::Invalid(format!("{name} is missing")))
}

/// The number of an endpoint that Streams was given.
fn phone(params: &Value) -> Done<String> {
    let endpoint = &params["endpoint"];
    ["phoneNumber", "endpointARN", "name"]
        .iter()
        .find_map(|name| endpoint[name].as_str())
        .map(str::to_owned)
        .ok_or_else(|| Refusal::Invalid("endpoint has no phoneNumber".into()))
}

/// Carries a request out.
pub fn call(
    model: &mut Model,
    ice_servers: &Value,
    method: &str,
    params: &Value,
    now: UnixMs,
) -> Done<Value> {
    let contact = || text(params, "contactId");
    let connection = || text(params, "connectionId");
    match method {
        "acceptContact" => model.accept(contact()?, now)?,
        "rejectContact" => model.reject(contact()?, now)?,
        "clearContact" | "completeContact" => model.clear(contact()?, now)?,
        "destroyConnection" => model.disconnect(contact()?, connection()?, now)?,
        "holdConnection" => model.hold(contact()?, connection()?, now)?,
        "resumeConnection" => model.resume(contact()?, connection()?, now)?,
        "muteParticipant" => model.mute(contact()?, connection()?, true)?,
        "unmuteParticipant" => model.mute(contact()?, connection()?, false)?,
        "toggleActiveConnections" => model.toggle(contact()?, now)?,
        "conferenceConnections" => model.conference(contact()?, now)?,
        "createAdditionalConnection" => {
            model.add(contact()?, &phone(params)?, true, now)?;
        }
        "addNewConnection" => {
            model.add(contact()?, &phone(params)?, false, now)?;
        }
        "transferContact" => model.transfer(contact()?, now)?,
        "createOutboundContact" => {
            let id = model.begin(
                NewContact {
                    kind: Kind::Voice,
                    outbound: true,
                    phone: phone(params)?,
                    attributes: Default::default(),
                    name: None,
                },
                now,
            )?;
            return Ok(json!({ "contactId": id }));
        }
        "putAgentState" => {
            let name = params["state"]["name"]
                .as_str()
                .ok_or_else(|| Refusal::Invalid("state has no name".into()))?;
            model.choose(name, now)?;
        }
        "createTransport" => {
            return match params["transportType"].as_str() {
                Some("softphone") => Ok(json!({
                    "softphoneTransport": {"softphoneMediaConnections": ice_servers},
                })),
                other => Err(Refusal::Invalid(format!(
                    "there is no transport {}",
                    other.unwrap_or("without a type")
                ))),
            };
        }
        // Reports, metrics, logs and what has no meaning here: acknowledged.
        _ => {}
    }
    Ok(json!({}))
}
