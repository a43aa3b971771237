use super::*;
use ContactState as C;
use LegState as L;

const T: UnixMs = 1_000;

fn model() -> Model {
    Model::new(1, 0)
}

fn new(kind: Kind, phone: &str) -> NewContact {
    NewContact {
        kind,
        outbound: false,
        phone: phone.into(),
        attributes: BTreeMap::new(),
        name: None,
    }
}

fn inbound(model: &mut Model) -> String {
    model.begin(new(Kind::Voice, "a"), T).unwrap()
}

fn outbound(model: &mut Model) -> String {
    let new = NewContact {
        outbound: true,
        ..new(Kind::Voice, "a")
    };
    model.begin(new, T).unwrap()
}

fn connected(model: &mut Model) -> String {
    let id = inbound(model);
    model.accept(&id, T).unwrap();
    model.media_up(&id, T).unwrap();
    id
}

/// The contact's state, its connections', and the agent's.
fn look(model: &Model, id: &str) -> (C, Vec<L>, String) {
    let contact = model.find(id).unwrap();
    let legs = contact.connections.iter().map(|leg| leg.state).collect();
    (contact.state, legs, model.agent_state().name.clone())
}

fn leg(model: &Model, id: &str, index: usize) -> String {
    model.find(id).unwrap().connections[index].id.clone()
}

#[track_caller]
fn seen(model: &Model, id: &str, state: C, legs: &[L], agent: &str) {
    assert_eq!(look(model, id), (state, legs.to_vec(), agent.to_owned()));
}

#[test]
fn an_inbound_call_is_connected_once_it_is_accepted_and_has_media() {
    for media_first in [false, true] {
        let mut model = model();
        let id = inbound(&mut model);
        seen(
            &model,
            &id,
            C::Connecting,
            &[L::Connecting, L::Connected],
            "PendingBusy",
        );
        if media_first {
            model.media_up(&id, T).unwrap();
        } else {
            model.accept(&id, T).unwrap();
        }
        seen(
            &model,
            &id,
            C::Connecting,
            &[L::Connecting, L::Connected],
            "PendingBusy",
        );
        if media_first {
            model.accept(&id, T).unwrap();
        } else {
            model.media_up(&id, T).unwrap();
        }
        seen(
            &model,
            &id,
            C::Connected,
            &[L::Connected, L::Connected],
            "Busy",
        );
        assert!(matches!(model.accept(&id, T), Err(Refusal::Conflict(_))));
    }
}

#[test]
fn a_call_ends_into_after_call_work_and_is_cleared() {
    for who in [0, 1] {
        let mut model = model();
        let id = connected(&mut model);
        assert!(matches!(model.clear(&id, T), Err(Refusal::Conflict(_))));
        let connection = leg(&model, &id, who);
        model.disconnect(&id, &connection, T + 5).unwrap();
        seen(
            &model,
            &id,
            C::Ended,
            &[L::Disconnected; 2],
            "AfterCallWork",
        );
        assert_eq!(model.find(&id).unwrap().since, T + 5);
        assert!(model.disconnect(&id, &connection, T).is_err());
        model.clear(&id, T).unwrap();
        assert!(model.contacts.is_empty());
        assert_eq!(model.agent_state().name, "Available");
        assert!(matches!(model.find(&id), Err(Refusal::NotFound(_))));
    }
}

#[test]
fn a_call_that_nobody_takes() {
    type Step = fn(&mut Model, &str) -> Done;
    let ways: [(Step, C, &str); 4] = [
        (|m, id| m.reject(id, T), C::Rejected, "MissedCallAgent"),
        (|m, id| m.miss(id, T), C::Missed, "MissedCallAgent"),
        (|m, id| m.fail(id, T), C::Error, "FailedConnectAgent"),
        (
            |m, id| {
                let customer = m.find(id)?.connections[1].id.clone();
                m.disconnect(id, &customer, T)
            },
            C::Missed,
            "MissedCallAgent",
        ),
    ];
    for (step, state, agent) in ways {
        let mut model = model();
        let id = inbound(&mut model);
        step(&mut model, &id).unwrap();
        seen(&model, &id, state, &[L::Disconnected; 2], agent);
        assert!(model.accept(&id, T).is_err());
        assert!(model.media_up(&id, T).is_err());
        model.clear(&id, T).unwrap();
        assert_eq!(model.agent_state().name, "Available");
    }
}

#[test]
fn what_only_a_ringing_or_a_connected_call_allows() {
    let mut model = model();
    let id = connected(&mut model);
    assert!(model.reject(&id, T).is_err());
    assert!(model.miss(&id, T).is_err());
    let customer = leg(&model, &id, 1);
    model.fail(&id, T).unwrap();
    assert!(model.fail(&id, T).is_err());
    assert!(model.hold(&id, &customer, T).is_err());
    assert!(model.mute(&id, &customer, true).is_err());
    assert!(model.add(&id, "b", false, T).is_err());
}

#[test]
fn an_outbound_call_is_connected_for_the_agent_while_it_rings() {
    let mut model = model();
    let id = outbound(&mut model);
    seen(
        &model,
        &id,
        C::Connecting,
        &[L::Connecting, L::Connecting],
        "PendingBusy",
    );
    model.media_up(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Connected,
        &[L::Connected, L::Connecting],
        "CallingCustomer",
    );
    let customer = leg(&model, &id, 1);
    model.answer(&id, &customer, T).unwrap();
    seen(&model, &id, C::Connected, &[L::Connected; 2], "Busy");
    assert!(model.answer(&id, &customer, T).is_err());
}

#[test]
fn an_outbound_call_that_nobody_answers_ends() {
    let mut model = model();
    let id = outbound(&mut model);
    model.media_up(&id, T).unwrap();
    let customer = leg(&model, &id, 1);
    model.disconnect(&id, &customer, T).unwrap();
    seen(
        &model,
        &id,
        C::Ended,
        &[L::Disconnected; 2],
        "AfterCallWork",
    );
}

#[test]
fn a_callback_rings_at_the_agent_first_and_gets_another_connection() {
    let mut model = model();
    let id = model.begin(new(Kind::QueueCallback, "a"), T).unwrap();
    seen(&model, &id, C::Incoming, &[L::Connecting; 2], "PendingBusy");
    let before = leg(&model, &id, 0);
    model.media_up(&id, T).unwrap();
    model.accept(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Connecting,
        &[L::Connecting; 2],
        "PendingBusy",
    );
    let customer = leg(&model, &id, 1);
    model.answer(&id, &customer, T).unwrap();
    seen(&model, &id, C::Connected, &[L::Connected; 2], "Busy");
    assert_ne!(leg(&model, &id, 0), before);
}

#[test]
fn auto_accept_and_a_desk_phone_need_nothing_of_the_agent() {
    let mut model = model();
    model.settings.auto_accept = true;
    let id = inbound(&mut model);
    assert!(model.find(&id).unwrap().accepted);
    model.media_up(&id, T).unwrap();
    assert_eq!(model.find(&id).unwrap().state, C::Connected);

    let mut model = self::model();
    model.settings.softphone_enabled = false;
    let id = inbound(&mut model);
    model.accept(&id, T).unwrap();
    assert_eq!(model.find(&id).unwrap().state, C::Connected);
}

#[test]
fn hold_and_mute_of_anybody() {
    let mut model = model();
    let id = connected(&mut model);
    for index in [0, 1] {
        let connection = leg(&model, &id, index);
        assert!(model.resume(&id, &connection, T).is_err());
        model.hold(&id, &connection, T).unwrap();
        assert_eq!(model.find(&id).unwrap().connections[index].state, L::Hold);
        assert!(model.hold(&id, &connection, T).is_err());
        model.resume(&id, &connection, T).unwrap();
        model.mute(&id, &connection, true).unwrap();
        assert!(model.find(&id).unwrap().connections[index].mute);
        model.mute(&id, &connection, false).unwrap();
    }
    seen(&model, &id, C::Connected, &[L::Connected; 2], "Busy");
    assert!(matches!(
        model.hold(&id, "nobody", T),
        Err(Refusal::NotFound(_))
    ));
}

#[test]
fn a_consultation_becomes_a_conference_and_loses_its_members() {
    let mut model = model();
    let id = connected(&mut model);
    let customer = leg(&model, &id, 1);
    assert!(model.conference(&id, T).is_err());
    let third = model.add(&id, "b", true, T).unwrap();
    assert!(model.add(&id, "b", false, T).is_err());
    seen(
        &model,
        &id,
        C::Connected,
        &[L::Connected, L::Hold, L::Connecting],
        "Busy",
    );
    model.answer(&id, &third, T).unwrap();
    model.toggle(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Connected,
        &[L::Connected, L::Connected, L::Hold],
        "Busy",
    );
    model.conference(&id, T).unwrap();
    seen(&model, &id, C::Connected, &[L::Connected; 3], "Busy");
    model.disconnect(&id, &customer, T).unwrap();
    seen(
        &model,
        &id,
        C::Connected,
        &[L::Connected, L::Disconnected, L::Connected],
        "Busy",
    );
    model.disconnect(&id, &third, T).unwrap();
    seen(
        &model,
        &id,
        C::Ended,
        &[L::Disconnected; 3],
        "AfterCallWork",
    );
}

#[test]
fn a_participant_who_is_added_without_consultation_puts_nobody_on_hold() {
    let mut model = model();
    let id = connected(&mut model);
    model.add(&id, "b", false, T).unwrap();
    seen(
        &model,
        &id,
        C::Connected,
        &[L::Connected, L::Connected, L::Connecting],
        "Busy",
    );
}

#[test]
fn who_is_transferred_talks_on_without_the_agent() {
    let mut model = model();
    let id = connected(&mut model);
    model.transfer(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Ended,
        &[L::Disconnected; 2],
        "AfterCallWork",
    );
    assert!(model.find(&id).unwrap().transferred);

    let mut model = self::model();
    let id = connected(&mut model);
    let third = model.add(&id, "b", true, T).unwrap();
    model.answer(&id, &third, T).unwrap();
    let agent = leg(&model, &id, 0);
    model.disconnect(&id, &agent, T).unwrap();
    seen(
        &model,
        &id,
        C::Ended,
        &[L::Disconnected; 3],
        "AfterCallWork",
    );
    assert!(model.find(&id).unwrap().transferred);
}

#[test]
fn a_softphone_that_is_lost_begins_again_under_other_names() {
    let mut model = model();
    let id = connected(&mut model);
    let before = model.find(&id).unwrap().clone();
    model.media_lost(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Connecting,
        &[L::Connecting, L::Connected],
        "PendingBusy",
    );
    let after = model.find(&id).unwrap();
    assert_ne!(after.token, before.token);
    assert_ne!(after.agent().id, before.agent().id);
    // The agent has accepted before: nobody asks again.
    model.media_up(&id, T).unwrap();
    seen(&model, &id, C::Connected, &[L::Connected; 2], "Busy");

    let customer = leg(&model, &id, 1);
    model.disconnect(&id, &customer, T).unwrap();
    model.media_lost(&id, T).unwrap();
    seen(
        &model,
        &id,
        C::Ended,
        &[L::Disconnected; 2],
        "AfterCallWork",
    );
}

#[test]
fn calls_have_as_many_slots_as_the_settings_say_and_other_contacts_are_no_calls() {
    let mut model = model();
    connected(&mut model);
    assert!(matches!(
        model.begin(new(Kind::Voice, "b"), T),
        Err(Refusal::Conflict(_))
    ));
    model.settings.voice_concurrency = 2;
    assert!(
        model.begin(new(Kind::Voice, "a"), T).is_err(),
        "it is in a call"
    );
    let second = model.begin(new(Kind::Voice, "b"), T).unwrap();
    seen(
        &model,
        &second,
        C::Connecting,
        &[L::Connecting, L::Connected],
        "Busy",
    );
    for kind in [Kind::Chat, Kind::Task, Kind::Email] {
        let id = model.begin(new(kind, "c"), T).unwrap();
        model.accept(&id, T).unwrap();
        assert_eq!(
            model.find(&id).unwrap().state,
            C::Connected,
            "no media is waited for"
        );
        assert!(model.add(&id, "d", false, T).is_err());
        model.vanish(&id, T).unwrap();
    }
}

#[test]
fn the_next_state_waits_for_the_end_of_the_contacts() {
    let mut model = model();
    model.choose("Break", T).unwrap();
    assert_eq!(model.agent_state().kind, "not_routable");
    model.choose("Available", T).unwrap();
    let id = connected(&mut model);
    model.choose("Offline", T).unwrap();
    assert_eq!(model.agent_state().name, "Busy");
    assert!(model.next.is_some());
    model.vanish(&id, T).unwrap();
    assert_eq!(model.agent_state().name, "Offline");
    assert!(model.next.is_none());
    assert!(matches!(model.choose("Lunch", T), Err(Refusal::Invalid(_))));
}

#[test]
fn attributes_are_added_to_those_that_are_there() {
    let mut model = model();
    let id = inbound(&mut model);
    let attribute = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    model
        .set_attributes(&id, attribute("languageCode", "es-US"))
        .unwrap();
    model
        .set_attributes(&id, attribute("interpret", "true"))
        .unwrap();
    assert_eq!(model.find(&id).unwrap().attributes.len(), 2);
}

#[test]
fn ids_are_uuids_and_never_the_same() {
    let mut model = model();
    let ids: std::collections::BTreeSet<String> = (0..1000).map(|_| model.fresh_id()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| uuid::Uuid::parse_str(id).is_ok()));
}
