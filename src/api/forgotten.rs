//! Conversations that are too long lose their oldest messages, as in Ollama. The engine alone can count tokens: it refuses,
//! and is asked again with less, until it takes the rest.

use crate::chat::Message;

/// How much of a conversation is left out, its oldest messages first, because it does not fit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Forgotten {
    messages: usize,
    /// The share of what is left that should go in the next step, one message at least.
    share: f64,
}

impl Forgotten {
    /// A prompt of so many tokens was too long for `limit`. What is too much is not overestimated: the last messages that
    /// fit shall stay.
    pub(crate) fn more(&mut self, tokens: u32, limit: u32) {
        self.share = f64::from(tokens.saturating_sub(limit)) / f64::from(tokens.max(1)) * 0.75;
    }

    /// Leaves out what should be; system messages and the last message stay. Tells whether there is more that could go.
    pub(crate) fn leave_out(&mut self, messages: &mut Vec<Message>) -> bool {
        // What templates put around a message counts, too.
        let weight = |message: &Message| message.content.len() as f64 + 24.0;
        let mut last = messages.len().saturating_sub(1);
        let (mut at, mut gone, mut excess) = (0, 0, 0.0);
        while at < last {
            if gone == self.messages {
                excess = self.share * messages.iter().map(weight).sum::<f64>();
            }
            if gone >= self.messages && excess <= 0.0 {
                break;
            }
            if messages[at].role == "system" {
                at += 1;
                continue;
            }
            if gone >= self.messages {
                excess -= weight(&messages[at]);
            }
            messages.remove(at);
            gone += 1;
            last -= 1;
        }
        *self = Self { messages: gone, share: 0.0 };
        messages[at.min(last)..last].iter().any(|message| message.role != "system")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation() -> Vec<Message> {
        let turn =
            |n: usize| [Message::new("user", format!("{n}?")), Message::new("assistant", format!("{n}."))];
        let mut messages = vec![Message::new("system", "S")];
        messages.extend((0..4).flat_map(turn));
        messages.push(Message::new("system", "T"));
        messages.push(Message::new("user", "last"));
        messages
    }

    #[test]
    fn the_oldest_messages_go_first_and_system_messages_stay() {
        let mut forgotten = Forgotten::default();
        let mut left = Vec::new();
        loop {
            let mut messages = conversation();
            let more = forgotten.leave_out(&mut messages);
            left.push(messages.len());
            assert_eq!(messages[0].content, "S");
            assert_eq!(messages.last().unwrap().content, "last");
            if !more {
                assert_eq!(messages[1].content, "T");
                break;
            }
            // A little too long: one message at a time.
            forgotten.more(101, 100);
        }
        assert_eq!(left, [11, 10, 9, 8, 7, 6, 5, 4, 3]);
    }

    #[test]
    fn far_too_long_ones_lose_many_at_once() {
        let mut forgotten = Forgotten::default();
        let mut messages = conversation();
        forgotten.leave_out(&mut messages);
        // Half of it is too much: three eighths of eleven messages are about four.
        forgotten.more(100, 50);
        let mut messages = conversation();
        assert!(forgotten.leave_out(&mut messages));
        assert_eq!((forgotten.messages, messages.len()), (5, 6));
        Forgotten::default().leave_out(&mut Vec::new());
    }
}
