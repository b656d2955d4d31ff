//! Which fields a sample leaves out, so that a test which means to try all of them can be held to it.

use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _, Value};
use std::collections::BTreeSet;

/// Fields of messages below these that are nowhere set in the messages given.
pub fn unset_fields(messages: &[(&str, Vec<u8>)]) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(whosaw::rpc::DESCRIPTORS).expect("descriptors");
    let (mut known, mut set) = (BTreeSet::new(), BTreeSet::new());
    for (name, bytes) in messages {
        let descriptor = pool.get_message_by_name(&format!("whosaw.v1.{name}")).expect("a message");
        collect_known(&descriptor, &mut known);
        // Encodings behind each other merge, and what is set in one is set in all.
        collect_set(&DynamicMessage::decode(descriptor, bytes.as_slice()).expect("it decodes"), &mut set);
    }
    known.difference(&set).cloned().collect()
}

fn collect_known(message: &MessageDescriptor, known: &mut BTreeSet<String>) {
    for field in message.fields() {
        if known.insert(format!("{}.{}", message.name(), field.name()))
            && let Kind::Message(inner) = field.kind()
            && inner.package_name() == "whosaw.v1"
        {
            collect_known(&inner, known);
        }
    }
}

fn collect_set(message: &DynamicMessage, set: &mut BTreeSet<String>) {
    for (field, value) in message.fields() {
        set.insert(format!("{}.{}", message.descriptor().name(), field.name()));
        let values = match value {
            Value::List(values) => values.iter().collect(),
            one => vec![one],
        };
        for inner in values.into_iter().filter_map(Value::as_message) {
            collect_set(inner, set);
        }
    }
}
