//! Modelfiles as people write them: what they say, and that printing them says the same.

use super::*;

/// What a text says, and that it says the same when it is printed.
fn check(text: &str, expected: &[Instruction]) {
    let modelfile = parse(text.as_bytes()).unwrap();
    assert_eq!(modelfile.instructions, expected);
    let printed = modelfile.to_string();
    assert_eq!(parse(printed.as_bytes()).unwrap(), modelfile, "printed as {printed}");
    let windows = parse(text.replace('\n', "\r\n").as_bytes()).unwrap().to_string();
    assert_eq!(windows.replace("\r\n", "\n"), printed);
}

#[test]
fn a_character_with_two_parameters() {
    let text = "\
FROM llama3.2
# how wild it gets: 0 is dull, 1 is wild
PARAMETER temperature 1
# how much of the conversation it sees
PARAMETER num_ctx 4096

# who it is
SYSTEM You are the keeper of a lighthouse. Answer as somebody who has not talked to anyone for weeks.
";
    let keeper =
        "You are the keeper of a lighthouse. Answer as somebody who has not talked to anyone for weeks.";
    check(
        text,
        &[from("llama3.2"), parameter("temperature", "1"), parameter("num_ctx", "4096"), system(keeper)],
    );
}

#[test]
fn weights_from_a_file_with_a_template() {
    let text = r#"FROM ./tale-7b.Q4_K_M.gguf

TEMPLATE """{{ if .System }}<|im_start|>system
{{ .System }}<|im_end|>
{{ end }}{{ if .Prompt }}<|im_start|>user
{{ .Prompt }}<|im_end|>
{{ end }}<|im_start|>assistant
{{ .Response }}<|im_end|>
"""
PARAMETER stop "<|im_start|>"
PARAMETER stop "<|im_end|>"
"#;
    let chatml = "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}{{ if .Prompt }}<|im_start|>user\n\
                  {{ .Prompt }}<|im_end|>\n{{ end }}<|im_start|>assistant\n{{ .Response }}<|im_end|>\n";
    check(
        text,
        &[
            from("./tale-7b.Q4_K_M.gguf"),
            template(chatml),
            parameter("stop", "<|im_start|>"),
            parameter("stop", "<|im_end|>"),
        ],
    );
}

#[test]
fn a_template_with_quotes_and_messages() {
    let text = r#"FROM "/srv/models/my models/chat.gguf"
TEMPLATE """
{{- range $i, $_ := .Messages }}
{{- if eq .Role "user" }}[INST] {{ .Content }} [/INST]
{{- else if eq .Role "assistant" }} {{ .Content }}</s>
{{- end }}
{{- end }}"""
"#;
    let range = "\n{{- range $i, $_ := .Messages }}\n{{- if eq .Role \"user\" }}[INST] {{ .Content }} [/INST]\n\
                 {{- else if eq .Role \"assistant\" }} {{ .Content }}</s>\n{{- end }}\n{{- end }}";
    check(text, &[from("/srv/models/my models/chat.gguf"), template(range)]);
}

#[test]
fn few_shot_messages() {
    let text = r#"from qwen2.5:0.5b
system """
You sort the user's sentence into one of: praise, complaint, question.
Answer with that one word.
"""
message user Where do I find the invoice?
message assistant question
message user "It broke after a day. "
message assistant complaint
parameter temperature 0
parameter num_predict 4
"#;
    let sorter = "\nYou sort the user's sentence into one of: praise, complaint, question.\nAnswer with that one word.\n";
    check(
        text,
        &[
            from("qwen2.5:0.5b"),
            system(sorter),
            message("user", "Where do I find the invoice?"),
            message("assistant", "question"),
            message("user", "It broke after a day. "),
            message("assistant", "complaint"),
            parameter("temperature", "0"),
            parameter("num_predict", "4"),
        ],
    );
}

#[test]
fn an_adapter_over_a_base() {
    let text = "FROM gemma2:2b\nADAPTER ./lora/\nPARAMETER repeat_penalty 1.1\nPARAMETER repeat_last_n -1\n";
    check(
        text,
        &[
            from("gemma2:2b"),
            Instruction::Adapter("./lora/".to_owned()),
            parameter("repeat_penalty", "1.1"),
            parameter("repeat_last_n", "-1"),
        ],
    );
}

#[test]
fn a_model_with_a_projector_and_licenses() {
    let text = r#"FROM ./vision/model.gguf
FROM ./vision/mmproj.gguf
LICENSE """
The weights are free for research.
"Research" ends where money begins.
"""
LICENSE Apache-2.0
"#;
    let research = "\nThe weights are free for research.\n\"Research\" ends where money begins.\n";
    check(
        text,
        &[
            from("./vision/model.gguf"),
            from("./vision/mmproj.gguf"),
            license(research),
            license("Apache-2.0"),
        ],
    );
}

#[test]
fn built_in_renderer_and_parser() {
    let text = "REQUIRES v0.14.0\nFROM ~/gguf/coder.gguf\nRENDERER qwen3-coder\nPARSER qwen3-coder\nDRAFT ~/gguf/draft.gguf\n\
                PARAMETER draft_num_predict 8\n";
    check(
        text,
        &[
            Instruction::Requires("v0.14.0".to_owned()),
            from("~/gguf/coder.gguf"),
            Instruction::Renderer("qwen3-coder".to_owned()),
            Instruction::Parser("qwen3-coder".to_owned()),
            Instruction::Draft("~/gguf/draft.gguf".to_owned()),
            parameter("draft_num_predict", "8"),
        ],
    );
}

#[test]
fn stop_sequences_of_all_kinds() {
    let text = "FROM base\nPARAMETER stop \"### User: \"\nPARAMETER stop ### Assistant:\nPARAMETER stop \"\n\n\"\n\
                PARAMETER stop \"\"\"\"quoted\"\"\"\"\nPARAMETER stop </s>\nPARAMETER stop '\n";
    check(
        text,
        &[
            from("base"),
            parameter("stop", "### User: "),
            parameter("stop", "### Assistant:"),
            parameter("stop", "\n\n"),
            parameter("stop", "\"quoted\""),
            parameter("stop", "</s>"),
            parameter("stop", "'"),
        ],
    );
}

#[test]
fn a_system_message_with_code_in_it() {
    let text = r#"FROM codegemma
SYSTEM """You write Python. Show code in fences:

```python
# A comment, not one of the Modelfile.
def hello(name="world"):
    print(f"hello {name}")
```

FROM and MESSAGE are words here.
"""
"#;
    let code = "You write Python. Show code in fences:\n\n```python\n# A comment, not one of the Modelfile.\n\
                def hello(name=\"world\"):\n    print(f\"hello {name}\")\n```\n\nFROM and MESSAGE are words here.\n";
    check(text, &[from("codegemma"), system(code)]);
}

#[test]
fn other_scripts() {
    let text = "FROM qwen3:4b\nSYSTEM 用一句话回答。\nMESSAGE user Где ближайшая станция?\nMESSAGE assistant За углом 🚉\n";
    check(
        text,
        &[
            from("qwen3:4b"),
            system("用一句话回答。"),
            message("user", "Где ближайшая станция?"),
            message("assistant", "За углом 🚉"),
        ],
    );
}

#[test]
fn indented_and_uneven() {
    let text = "\n\n   # made by hand\n\tFROM\tllama3.2:1b   \n\n   PARAMETER\ttop_k\t20\t\n  PARAMETER   top_p    0.5\n\
                \n      SYSTEM    \"  two spaces before  \"   \n\n\n# the end";
    check(
        text,
        &[
            from("llama3.2:1b"),
            parameter("top_k", "20"),
            parameter("top_p", "0.5"),
            system("  two spaces before  "),
        ],
    );
}

#[test]
fn an_old_file_with_parameters_that_are_gone() {
    let text = "FROM llama2\nPARAMETER mirostat 2\nPARAMETER mirostat_tau 4.0\nPARAMETER num_gqa 8\nPARAMETER seed 42\n\
                PARAMETER stop \"User:\"\n";
    check(
        text,
        &[
            from("llama2"),
            parameter("mirostat", "2"),
            parameter("mirostat_tau", "4.0"),
            parameter("num_gqa", "8"),
            parameter("seed", "42"),
            parameter("stop", "User:"),
        ],
    );
}

#[test]
fn what_show_printed_with_an_edit() {
    let text = r#"# Modelfile generated by "ollama show"
# To build a new Modelfile based on this, replace FROM with:
# FROM phi3:latest

FROM phi3:latest
TEMPLATE "{{ if .System }}<|system|>
{{ .System }}<|end|>
{{ end }}<|user|>
{{ .Prompt }}<|end|>
<|assistant|>
{{ .Response }}<|end|>"
PARAMETER num_ctx 1.31072e+06
PARAMETER stop <|end|>
LICENSE """Microsoft.
Copyright (c) the "owners"."""
SYSTEM Answer in rhyme.
"#;
    let phi = "{{ if .System }}<|system|>\n{{ .System }}<|end|>\n{{ end }}<|user|>\n{{ .Prompt }}<|end|>\n<|assistant|>\n\
               {{ .Response }}<|end|>";
    check(
        text,
        &[
            from("phi3:latest"),
            template(phi),
            parameter("num_ctx", "1.31072e+06"),
            parameter("stop", "<|end|>"),
            license("Microsoft.\nCopyright (c) the \"owners\"."),
            system("Answer in rhyme."),
        ],
    );
}
