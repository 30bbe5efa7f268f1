//! The formats of `known/`, with a conversation of four turns, and with an answer to go on with.

use super::*;

/// What each format makes of [`system_user_assistant_user`].
const EXPECTED: [(&str, &str); 20] = [
    (
        "alfred",
        "<start_system>You are a pirate.<end_message><start_user>Hello!<end_message>\
        <start_assistant>Ahoy!<end_message><start_user>Where to?<end_message><start_assistant>",
    ),
    (
        "alpaca",
        "You are a pirate.\n\n### Instruction:\nHello!\n\n### Response:\nAhoy!\n\n\
        ### Instruction:\nWhere to?\n\n### Response:\n",
    ),
    (
        "chatml",
        "<|im_start|>system\nYou are a pirate.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n\
        <|im_start|>assistant\nAhoy!<|im_end|>\n<|im_start|>user\nWhere to?<|im_end|>\n<|im_start|>assistant\n",
    ),
    (
        "chatqa",
        "System: You are a pirate.\n\nUser: Hello!\n\nAssistant: Ahoy!\n\nUser: Where to?\n\nAssistant:",
    ),
    (
        "codellama-70b-instruct",
        "Source: system\n\n You are a pirate. <step> Source: user\n\n Hello! <step> \
        Source: assistant\n\n Ahoy! <step> Source: user\n\n Where to? <step> \
        Source: assistant\nDestination: user\n\n ",
    ),
    (
        "command-r",
        "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>You are a pirate.<|END_OF_TURN_TOKEN|>\
        <|START_OF_TURN_TOKEN|><|USER_TOKEN|>Hello!<|END_OF_TURN_TOKEN|>\
        <|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Ahoy!<|END_OF_TURN_TOKEN|>\
        <|START_OF_TURN_TOKEN|><|USER_TOKEN|>Where to?<|END_OF_TURN_TOKEN|>\
        <|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    ),
    (
        "falcon-instruct",
        "System: You are a pirate.\nUser:\nHello!\nFalcon:\nAhoy!\nUser:\nWhere to?\nFalcon:\n",
    ),
    (
        "gemma-instruct",
        "<start_of_turn>user\nYou are a pirate.\nHello!<end_of_turn>\n\
        <start_of_turn>model\nAhoy!<end_of_turn>\n<start_of_turn>user\nWhere to?<end_of_turn>\n\
        <start_of_turn>model\n",
    ),
    (
        "gemma3-instruct",
        "<start_of_turn>user\nYou are a pirate.\n\nHello!<end_of_turn>\n\
        <start_of_turn>model\nAhoy!<end_of_turn>\n<start_of_turn>user\nWhere to?<end_of_turn>\n\
        <start_of_turn>model\n",
    ),
    (
        "granite-instruct",
        "System:\nYou are a pirate.\n\nQuestion:\nHello!\n\nAnswer:\nAhoy!\n\n\
        Question:\nWhere to?\n\nAnswer:\n",
    ),
    (
        "llama2-chat",
        "[INST] <<SYS>>\nYou are a pirate.\n<</SYS>>\n\nHello! [/INST] Ahoy!</s><s>\
        [INST] Where to? [/INST]",
    ),
    (
        "llama3-instruct",
        "<|start_header_id|>system<|end_header_id|>\n\nYou are a pirate.<|eot_id|>\
        <|start_header_id|>user<|end_header_id|>\n\nHello!<|eot_id|>\
        <|start_header_id|>assistant<|end_header_id|>\n\nAhoy!<|eot_id|>\
        <|start_header_id|>user<|end_header_id|>\n\nWhere to?<|eot_id|>\
        <|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    (
        "magicoder",
        "You are a pirate.\n\n@@ Instruction\nHello!\n\n@@ Response\nAhoy!\n\n\
        @@ Instruction\nWhere to?\n\n@@ Response\n",
    ),
    ("mistral-instruct", "[INST] You are a pirate.\n\nHello![/INST] Ahoy!</s>[INST] Where to?[/INST]"),
    (
        "openchat",
        "GPT4 Correct System: You are a pirate.<|end_of_turn|>\
        GPT4 Correct User: Hello!<|end_of_turn|>GPT4 Correct Assistant: Ahoy!<|end_of_turn|>\
        GPT4 Correct User: Where to?<|end_of_turn|>GPT4 Correct Assistant:",
    ),
    (
        "phi-3",
        "<|system|>\nYou are a pirate.<|end|>\n<|user|>\nHello!<|end|>\n<|assistant|>\nAhoy!<|end|>\n\
        <|user|>\nWhere to?<|end|>\n<|assistant|>\n",
    ),
    (
        "solar-instruct",
        "### System:\nYou are a pirate.\n\n### User:\nHello!\n\n### Assistant:\nAhoy!</s>\n\n\
        ### User:\nWhere to?\n\n### Assistant:\n",
    ),
    (
        "starcoder2-instruct",
        "You are a pirate.\n\n### Instruction\nHello!\n\n\
        ### Response\nAhoy!<|endoftext|>\n\n### Instruction\nWhere to?\n\n### Response\n",
    ),
    ("vicuna", "You are a pirate.\n\nUSER: Hello!\nASSISTANT: Ahoy!</s>\nUSER: Where to?\nASSISTANT:"),
    (
        "zephyr",
        "<|system|>\nYou are a pirate.</s>\n<|user|>\nHello!</s>\n<|assistant|>\nAhoy!</s>\n\
        <|user|>\nWhere to?</s>\n<|assistant|>\n",
    ),
];

#[test]
fn every_format_writes_its_conversation() {
    for ((name, prompt), known) in EXPECTED.iter().zip(known_templates()) {
        assert_eq!(*name, known.name);
        assert_eq!(chat(known.template, &system_user_assistant_user()), *prompt, "{name}");
    }
}

#[test]
fn every_format_leaves_an_answer_open_that_is_begun() {
    let messages = [Message::new("user", "Hello!"), Message::new("assistant", "Ah, ")];
    for known in known_templates() {
        let prompt = chat(known.template, &messages);
        assert!(prompt.ends_with("Ah, "), "{}: {prompt}", known.name);
        let asked = chat(known.template, &messages[..1]);
        // But for blanks, what is begun goes on where a new answer would begin.
        let begun = prompt.trim_end_matches("Ah, ").trim_end();
        assert_eq!(begun, asked.trim_end(), "{}", known.name);
    }
}

#[test]
fn a_conversation_of_nothing_is_no_failure() {
    for known in known_templates() {
        chat(known.template, &[]);
        chat(known.template, &[Message::default()]);
    }
}
