//! `list` and `ps`.

use serde_json::json;

use super::script::Script;

const DIGEST: &str = "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72";

fn models() -> Script {
    let models = json!({"models": [
        {"name": "llama3.2:latest", "model": "llama3.2:latest", "size": 2_019_393_189_u64, "digest": DIGEST,
         "modified_at": "2026-07-29T14:00:00.123456789+02:00",
         "details": {"parent_model": "", "format": "gguf", "family": "llama", "families": null}},
        {"name": "Ada/tiny:1b", "size": 1_000_000_000, "digest": "sha256:0123", "modified_at": "2026-08-01T11:59:59.5Z"},
        {"name": "big:cloud", "size": 384, "digest": DIGEST, "modified_at": "2025-08-01T12:00:00Z",
         "remote_host": "https://elsewhere.example", "remote_model": "big"},
        {"name": "odd", "size": 0, "digest": "", "modified_at": "0001-01-01T00:00:00Z"},
    ]});
    Script::default().answer("GET /api/tags", 200, models)
}

#[tokio::test]
async fn list_is_a_table() {
    insta::assert_snapshot!(models().quipu(&["list"]).await, @r"
    exit 0
    -- out --
    NAME               ID              SIZE      MODIFIED
    llama3.2:latest    a80c4f17acd5    2.0 GB    3 days ago
    Ada/tiny:1b        0123            1 GB      Less than a second ago
    big:cloud          a80c4f17acd5    -         12 months ago
    odd                                0 B       Never
    -- err --
    -- asked --
    GET /api/tags
    ");
}

#[tokio::test]
async fn list_filters_by_prefix() {
    insta::assert_snapshot!(models().quipu(&["ls", "ADA/"]).await, @r"
    exit 0
    -- out --
    NAME           ID      SIZE    MODIFIED
    Ada/tiny:1b    0123    1 GB    Less than a second ago
    -- err --
    -- asked --
    GET /api/tags
    ");
}

#[tokio::test]
async fn an_empty_list_has_a_header() {
    let empty = Script::default().answer("GET /api/tags", 200, json!({"models": []}));
    insta::assert_snapshot!(empty.quipu(&["list"]).await, @r"
    exit 0
    -- out --
    NAME    ID    SIZE    MODIFIED
    -- err --
    -- asked --
    GET /api/tags
    ");
}

#[tokio::test]
async fn ps_is_a_table() {
    let running = json!({"models": [
        {"name": "for-ever:latest", "size": 6_000_000_000_u64, "size_vram": 6_000_000_000_u64, "digest": DIGEST,
         "context_length": 131_072, "expires_at": "2318-11-11T00:00:00Z", "details": {}},
        {"name": "half:7b", "size": 5_000_000_000_u64, "size_vram": 3_750_000_000_u64, "digest": DIGEST,
         "context_length": 4096, "expires_at": "2026-08-01T12:04:59.9Z"},
        {"name": "Cpu:latest", "size": 999_999, "size_vram": 0, "digest": DIGEST, "context_length": 0,
         "expires_at": "2026-08-01T11:59:59Z"},
    ]});
    let script = || Script::default().answer("GET /api/ps", 200, &running);
    insta::assert_snapshot!(script().quipu(&["ps"]).await, @r"
    exit 0
    -- out --
    NAME               ID              SIZE      PROCESSOR          CONTEXT    UNTIL
    for-ever:latest    a80c4f17acd5    6 GB      100% GPU           131072     Forever
    half:7b            a80c4f17acd5    5 GB      25%/75% CPU/GPU    4096       4 minutes from now
    Cpu:latest         a80c4f17acd5    999 KB    100% CPU           0          Stopping...
    -- err --
    -- asked --
    GET /api/ps
    ");
    insta::assert_snapshot!(script().quipu(&["ps", "cpu"]).await, @r"
    exit 0
    -- out --
    NAME          ID              SIZE      PROCESSOR    CONTEXT    UNTIL
    Cpu:latest    a80c4f17acd5    999 KB    100% CPU     0          Stopping...
    -- err --
    -- asked --
    GET /api/ps
    ");
}

#[tokio::test]
async fn ps_shows_how_far_a_model_is_loaded() {
    let running = json!({"models": [
        {"name": "new:70b", "size": 40_000_000_000_u64, "size_vram": 0, "digest": DIGEST, "context_length": 4096,
         "expires_at": "2026-08-01T12:04:59.9Z", "state": "loading", "progress": 0.42},
    ]});
    let script = Script::default().answer("GET /api/ps", 200, &running);
    insta::assert_snapshot!(script.quipu(&["ps", "-v"]).await, @r"
    exit 0
    -- out --
    NAME       ID              SIZE     PROCESSOR      CONTEXT    UNTIL
    new:70b    a80c4f17acd5    40 GB    Loading 42%    4096       4 minutes from now
    -- err --
    -- asked --
    GET /api/ps
    ");
}

#[tokio::test]
async fn ps_tells_how_a_model_was_placed_if_asked() {
    let placement = json!({
        "gpu_layers": 20, "layers": 33, "pool_tokens": 16_384, "sequences": 32, "cache_type_k": "q8_0",
        "cache_type_v": "f16", "memory": [
            {"device": "CUDA0", "weights": 3_000_000_000_u64, "pool": 600_000_000, "compute": 150_000_000},
            {"device": "CPU", "weights": 1_000_000_000, "pool": 250_000_000, "compute": 0},
        ],
    });
    let running = json!({"models": [
        {"name": "half:7b", "size": 5_000_000_000_u64, "size_vram": 3_750_000_000_u64, "digest": DIGEST,
         "context_length": 4096, "expires_at": "2026-08-01T12:04:59.9Z", "placement": placement},
        {"name": "of-ollama:7b", "size": 5_000_000_000_u64, "digest": DIGEST, "expires_at": "2026-08-01T12:04:59.9Z"},
    ]});
    let script = Script::default().answer("GET /api/ps", 200, &running);
    insta::assert_snapshot!(script.quipu(&["ps", "-v"]).await, @r"
    exit 0
    -- out --
    NAME            ID              SIZE    PROCESSOR          CONTEXT    UNTIL
    half:7b         a80c4f17acd5    5 GB    25%/75% CPU/GPU    4096       4 minutes from now
    of-ollama:7b    a80c4f17acd5    5 GB    100% CPU           0          4 minutes from now

    half:7b
      pool     16384 tokens for 32 sequences, keys q8_0, values f16
      layers   20 of 33 on GPUs
      CUDA0    weights 3 GB, pool 600 MB, passes 150 MB
      CPU      weights 1 GB, pool 250 MB, passes 0 B
    -- err --
    -- asked --
    GET /api/ps
    ");
}
