//! What happens to messages before a Go template sees them.

use std::ops::Range;

use crate::chat::Message;

/// All system texts, a blank line between them, and the messages, where those that follow one of the same
/// role are made one with it. Results of tools stay apart: each belongs to its call.
pub(super) fn collate(messages: &[Message]) -> (String, Vec<Message>) {
    let system = messages.iter().filter(|message| message.role == "system");
    let system = system.map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n\n");
    let mut collated: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages {
        match collated.last_mut() {
            Some(last) if last.role == message.role && message.role != "tool" => {
                last.content.push_str("\n\n");
                last.content.push_str(&message.content);
                last.tool_calls.extend(message.tool_calls.iter().cloned());
                last.thinking = last.thinking.take().or_else(|| message.thinking.clone());
            }
            _ => collated.push(message.clone()),
        }
    }
    (system, collated)
}

/// Puts a mark for each of a message's images into its text, such as `[img-3]`: in the place of the next
/// `[img]` that the user wrote, or else before the text. `images` are the message's images as they are
/// counted through the whole conversation, from 0.
#[must_use]
pub fn mark_images(content: &str, images: Range<usize>) -> String {
    let mut marks = String::new();
    let mut content = content.to_owned();
    for image in images {
        let mark = format!("[img-{image}]");
        if content.contains("[img]") {
            content = content.replacen("[img]", &mark, 1);
        } else {
            marks.push_str(&mark);
        }
    }
    marks + &content
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contents(messages: &[Message]) -> Vec<(&str, &str)> {
        messages.iter().map(|message| (message.role.as_str(), message.content.as_str())).collect()
    }

    #[test]
    fn neighbours_of_one_role_become_one_message() {
        let messages = [
            Message::new("system", "a"),
            Message::new("system", "b"),
            Message::new("user", "c"),
            Message::new("user", ""),
            Message::new("assistant", "d"),
            Message::new("system", "e"),
        ];
        let (system, collated) = collate(&messages);
        assert_eq!(system, "a\n\nb\n\ne");
        let expected = [("system", "a\n\nb"), ("user", "c\n\n"), ("assistant", "d"), ("system", "e")];
        assert_eq!(contents(&collated), expected);
    }

    #[test]
    fn results_of_tools_stay_apart_and_calls_are_kept() {
        let call = |name: &str| Message {
            tool_calls: vec![json!({"function": {"name": name, "arguments": {}}})],
            thinking: Some(name.into()),
            ..Message::new("assistant", "")
        };
        let messages = [call("a"), call("b"), Message::new("tool", "1"), Message::new("tool", "2")];
        let (system, collated) = collate(&messages);
        assert_eq!(system, "");
        assert_eq!(contents(&collated), [("assistant", "\n\n"), ("tool", "1"), ("tool", "2")]);
        assert_eq!(collated[0].tool_calls.len(), 2);
        assert_eq!(collated[0].thinking.as_deref(), Some("a"));
    }

    #[test]
    fn images_take_their_places_in_the_text_and_then_stand_before_it() {
        assert_eq!(mark_images("look", 0..2), "[img-0][img-1]look");
        assert_eq!(mark_images("a [img] b [img]", 3..4), "a [img-3] b [img]");
        assert_eq!(mark_images("a [img] b", 0..3), "[img-1][img-2]a [img-0] b");
        assert_eq!(mark_images("none", 0..0), "none");
    }
}
