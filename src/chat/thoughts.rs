//! Thoughts that are over.

use super::Message;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Removes the thoughts with which answers before the last question begin. Some models learned that they do not see them
/// again, and clients send what they were sent.
pub fn strip_earlier_thoughts(messages: &mut [Message]) {
    let last = messages.iter().rposition(|message| message.role == "user").unwrap_or(0);
    for message in messages[..last].iter_mut().filter(|message| message.role == "assistant") {
        let Some(thoughts) = message.content.trim_start().strip_prefix(OPEN) else { continue };
        // Thoughts without an end are all there is.
        let (_, answer) = thoughts.split_once(CLOSE).unwrap_or_default();
        message.content = answer.trim_start().to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_before_the_last_question_are_gone() {
        let thought = |text: &str| Message::new("assistant", format!(" <think>Hm.\n</think>\n\n{text}"));
        let mut messages = [
            Message::new("user", "<think>mine</think>"),
            thought("One."),
            Message::new("assistant", "No <think>thoughts</think> first."),
            Message::new("assistant", "<think>no end"),
            Message::new("user", "And?"),
            thought("Two."),
        ];
        strip_earlier_thoughts(&mut messages);
        let texts = messages.map(|message| message.content);
        assert_eq!(
            texts,
            [
                "<think>mine</think>",
                "One.",
                "No <think>thoughts</think> first.",
                "",
                "And?",
                " <think>Hm.\n</think>\n\nTwo."
            ]
        );
        strip_earlier_thoughts(&mut []);
    }
}
