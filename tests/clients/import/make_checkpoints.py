"""Makes tiny checkpoints with random weights, and what transformers computes with them.

    python make_checkpoints.py FOLDER [NAME ...]

For every case, `FOLDER/NAME/checkpoint/` is a Hugging Face folder to import, and `FOLDER/NAME/reference.json` says
what must come out:

    context     context length to run with
    texts       [{text, ids}]: tokenised with special tokens added and parsed
    logits      [{ids, values}]: logits after the last of `ids`, one for each token
    embeddings  [{text, ids, values}]: pooled and normalised, for encoders
    adapter     the folder of a LoRA adapter, if there is one; `logits` are with it, `base_logits` without

Everything is computed by the CPU in 32 bits from the weights as the checkpoint has them: import them as F32.
"""

import copy
import json
import math
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

import vocabularies
from odd_texts import ODD_TEXTS

SIZES = dict(hidden_size=32, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
LORA_RANK, LORA_ALPHA = 4, 6.0


def randomise(model: torch.nn.Module, norm: float) -> None:
    """Weights that make every tensor matter: the default initialisation has ones and zeros, and logits near zero."""
    generator = torch.Generator().manual_seed(0)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if weight.ndim > 1:
            embedding = "embed" in name
            weight.data = noise * (0.6 if embedding else 1.2 / math.sqrt(weight.shape[-1]))
        elif name.endswith("weight"):
            weight.data = norm + 0.2 * noise
        else:
            weight.data = 0.2 * noise


def prompts(vocabulary: int, lengths: tuple[int, ...]) -> list[list[int]]:
    """Token lists of these lengths."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in lengths]


def rounded(values: torch.Tensor) -> list[float]:
    """Six digits say more than the comparison asks for."""
    return [float(f"{value:.6g}") for value in values.tolist()]


def logits(model, lists: list[list[int]]) -> list[dict]:
    with torch.inference_mode():
        return [{"ids": ids, "values": rounded(model(torch.tensor([ids])).logits[0, -1])} for ids in lists]


def embeddings(model, tokenizer, cls: bool) -> list[dict]:
    out = []
    for text in ODD_TEXTS[12:42]:
        ids = tokenizer.encode(text).ids
        with torch.inference_mode():
            states = model(torch.tensor([ids])).last_hidden_state[0]
        pooled = states[0] if cls else states.mean(0)
        out.append({"text": text, "ids": ids, "values": rounded(pooled / pooled.norm())})
    return out


def texts(tokenizer, without="") -> list[dict]:
    wanted = [text for text in ODD_TEXTS if not (without and without in text)]
    return [{"text": text, "ids": tokenizer.encode(text).ids} for text in wanted]


class Case:
    """One checkpoint folder and its reference."""

    def __init__(self, root: Path, name: str):
        self.root = root / name
        shutil.rmtree(self.root, ignore_errors=True)
        self.folder = self.root / "checkpoint"
        self.folder.mkdir(parents=True)
        self.reference = {"context": 256}

    def save(self, model, dtype=torch.float32, shards=False) -> None:
        """Rounds the weights of the model to a type, and writes them in it."""
        for weight in model.parameters():
            weight.data = weight.data.to(dtype).float()
        model.eval()
        copy.deepcopy(model).to(dtype).save_pretrained(self.folder, max_shard_size="40KB" if shards else "1GB")

    def edit_config(self, **changes) -> None:
        path = self.folder / "config.json"
        config = json.loads(path.read_text())
        for key, value in changes.items():
            config.pop(key, None) if value is None else config.update({key: value})
        path.write_text(json.dumps(config, indent=2))

    def finish(self, **more) -> None:
        self.reference.update(more)
        (self.root / "reference.json").write_text(json.dumps(self.reference, ensure_ascii=False))


LENGTHS = (1, 2, 7, 16, 48)


def decoder(case: Case, config, tokenizer, norm=1.0, dtype=torch.bfloat16, shards=False, lengths=LENGTHS):
    """Makes a language model for a tokenizer, saves it and its reference."""
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config)
    randomise(model, norm)
    case.save(model, dtype, shards)
    case.reference.update(texts=texts(tokenizer), logits=logits(model, prompts(config.vocab_size, lengths)))
    return model


def llama(case: Case):
    """GQA, several shards with an index, tokenizer.model and tokenizer.json."""
    tokenizer = vocabularies.spm(case.folder)
    config = transformers.LlamaConfig(vocab_size=512, max_position_embeddings=64, **SIZES)
    decoder(case, config, tokenizer, dtype=torch.float32, shards=True)


def llama_old(case: Case):
    """A checkpoint of 2023: tokenizer.model alone, `rope_scaling` and `torch_dtype` in the configuration, linear
    scaling, biases, heads that are wider than their share of the hidden state."""
    tokenizer = vocabularies.spm(case.folder, keep_json=False)
    rope = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
    config = transformers.LlamaConfig(
        vocab_size=512,
        max_position_embeddings=64,
        head_dim=24,
        attention_bias=True,
        mlp_bias=True,
        rope_parameters=rope,
        **SIZES,
    )
    decoder(case, config, tokenizer)
    case.edit_config(
        rope_parameters=None, rope_theta=10000.0, rope_scaling={"type": "linear", "factor": 4.0}, torch_dtype="float32"
    )


def llama3(case: Case):
    """Llama 3.1's rope scaling, byte-level BPE, tied embeddings, BF16."""
    tokenizer = vocabularies.byte_level(case.folder, vocabularies.LLAMA3, "<|begin_of_text|>", ignore_merges=True)
    rope = dict(
        rope_type="llama3",
        rope_theta=500000.0,
        factor=8.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=32,
    )
    config = transformers.LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=256,
        tie_word_embeddings=True,
        rope_parameters=rope,
        **SIZES,
    )
    decoder(case, config, tokenizer, dtype=torch.bfloat16)


def llama_yarn(case: Case):
    """YaRN with a factor for the attention of its own."""
    tokenizer = vocabularies.spm(case.folder)
    rope = dict(
        rope_type="yarn", factor=4.0, rope_theta=10000.0, original_max_position_embeddings=32, attention_factor=1.5
    )
    config = transformers.LlamaConfig(vocab_size=512, max_position_embeddings=128, rope_parameters=rope, **SIZES)
    decoder(case, config, tokenizer, lengths=(1, 7, 48, 100))


def mistral(case: Case):
    """A SentencePiece vocabulary that is only in tokenizer.json, and more rows than tokens."""
    tokenizer = vocabularies.spm(case.folder, keep_model=False)
    config = transformers.MistralConfig(
        vocab_size=544, max_position_embeddings=64, sliding_window=None, head_dim=16, **SIZES
    )
    decoder(case, config, tokenizer)


def qwen2(case: Case):
    """Biases of the attention, F16, a padded vocabulary."""
    tokenizer = vocabularies.byte_level(case.folder, vocabularies.QWEN2, nfc=True)
    config = transformers.Qwen2Config(vocab_size=576, max_position_embeddings=64, **SIZES)
    decoder(case, config, tokenizer, dtype=torch.float16)


def qwen3(case: Case):
    """Norms of queries and keys, YaRN beyond the original context."""
    tokenizer = vocabularies.byte_level(case.folder, vocabularies.QWEN2, nfc=True)
    rope = dict(rope_type="yarn", factor=4.0, rope_theta=10000.0, original_max_position_embeddings=32)
    config = transformers.Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=128,
        head_dim=32,
        tie_word_embeddings=True,
        rope_parameters=rope,
        **SIZES,
    )
    decoder(case, config, tokenizer, lengths=(1, 7, 48, 100))


def gemma2(case: Case):
    """Four norms, capped logits, Gemma's vocabulary from tokenizer.model."""
    tokenizer = vocabularies.spm(case.folder, gemma=True)
    sizes = SIZES | dict(num_hidden_layers=3)
    config = transformers.Gemma2Config(
        vocab_size=512, max_position_embeddings=64, head_dim=32, query_pre_attn_scalar=32, sliding_window=8, **sizes
    )
    decoder(case, config, tokenizer, norm=0.0)


def gemma3(case: Case):
    """Two rope bases, linear scaling of the global one, Gemma's vocabulary from tokenizer.json."""
    tokenizer = vocabularies.spm(case.folder, gemma=True, keep_model=False)
    rope = {
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    }
    sizes = SIZES | dict(num_hidden_layers=7)
    config = transformers.Gemma3TextConfig(
        vocab_size=512,
        max_position_embeddings=256,
        head_dim=32,
        query_pre_attn_scalar=32,
        sliding_window=8,
        rope_parameters=rope,
        **sizes,
    )
    decoder(case, config, tokenizer, norm=0.0)


def gemma3_layers(case: Case):
    """A pattern of layers that is not Gemma's own, and the configuration of 2025."""
    tokenizer = vocabularies.spm(case.folder, gemma=True)
    rope = {
        "full_attention": {"rope_type": "default", "rope_theta": 1000000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    }
    sizes = SIZES | dict(num_hidden_layers=4)
    kinds = ["sliding_attention", "full_attention", "full_attention", "sliding_attention"]
    config = transformers.Gemma3TextConfig(
        vocab_size=512,
        max_position_embeddings=64,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=8,
        layer_types=kinds,
        rope_parameters=rope,
        **sizes,
    )
    decoder(case, config, tokenizer, norm=0.0)
    case.edit_config(rope_parameters=None, rope_theta=1000000.0, rope_local_base_freq=10000.0)


def phi3(case: Case):
    """Fused weights, SentencePiece, special tokens that take the white space behind them with them."""
    tokenizer = vocabularies.spm(case.folder, stripping=("<|user|>", "<|end|>", "<|assistant|>"))
    config = transformers.Phi3Config(
        vocab_size=544,
        max_position_embeddings=64,
        original_max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **SIZES,
    )
    decoder(case, config, tokenizer)


def phi3_long(case: Case, context=256, lengths=LENGTHS):
    """LongRoPE on three quarters of each head, as in Phi-4-mini, in the original context: the short factors."""
    tokenizer = vocabularies.byte_level(case.folder, vocabularies.LLAMA3)
    short, long = [1.0 + 0.05 * n for n in range(3)], [1.0 + 0.5 * n for n in range(3)]
    rope = dict(
        rope_type="longrope",
        rope_theta=10000.0,
        short_factor=short,
        long_factor=long,
        original_max_position_embeddings=256,
        partial_rotary_factor=0.75,
    )
    config = transformers.Phi3Config(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=1024,
        original_max_position_embeddings=256,
        partial_rotary_factor=0.75,
        tie_word_embeddings=True,
        rope_parameters=rope,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=2,
        **SIZES,
    )
    decoder(case, config, tokenizer, lengths=lengths)
    case.reference["context"] = context


def phi3_longer(case: Case):
    """The same beyond the original context: the long factors."""
    phi3_long(case, 512, (300, 400))


def encoder(case: Case, model, tokenizer, cls=False):
    """Makes an encoder as a sentence-transformers folder, with pooling by mean or first token."""
    randomise(model, 1.0)
    case.save(model)
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])
    ]
    (case.folder / "modules.json").write_text(json.dumps(modules))
    (case.folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": cls, "pooling_mode_mean_tokens": not cls}
    (case.folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    # llama.cpp marks the beginnings of BERT's words with this character, and takes it in a text for such a mark.
    without = "▁" if "WordPiece" in type(tokenizer.model).__name__ else ""
    case.reference.update(texts=texts(tokenizer, without), embeddings=embeddings(model, tokenizer, cls))


BERT = dict(
    hidden_size=32, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256
)


def bert(case: Case):
    tokenizer = vocabularies.wordpiece(case.folder)
    encoder(
        case, transformers.BertModel(transformers.BertConfig(vocab_size=600, **BERT), add_pooling_layer=True), tokenizer
    )


def bert_cls(case: Case):
    """Pooling of the first token, vocab.txt without tokenizer.json."""
    tokenizer = vocabularies.wordpiece(case.folder, keep_json=False)
    encoder(
        case,
        transformers.BertModel(transformers.BertConfig(vocab_size=600, **BERT), add_pooling_layer=False),
        tokenizer,
        cls=True,
    )


def distilbert(case: Case):
    tokenizer = vocabularies.wordpiece(case.folder)
    config = transformers.DistilBertConfig(
        vocab_size=600, dim=32, hidden_dim=80, n_layers=2, n_heads=4, max_position_embeddings=256
    )
    encoder(case, transformers.DistilBertModel(config), tokenizer)


def roberta(case: Case):
    """Positions start after the padding token, byte-level BPE."""
    tokenizer = vocabularies.roberta(case.folder)
    config = transformers.RobertaConfig(vocab_size=512, type_vocab_size=1, **(BERT | dict(max_position_embeddings=258)))
    encoder(case, transformers.RobertaModel(config, add_pooling_layer=True), tokenizer)


def xlm_roberta(case: Case):
    """A unigram vocabulary."""
    tokenizer = vocabularies.unigram(case.folder)
    config = transformers.XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), type_vocab_size=1, **(BERT | dict(max_position_embeddings=258))
    )
    encoder(case, transformers.XLMRobertaModel(config, add_pooling_layer=False), tokenizer, cls=True)


def nomic(case: Case):
    """Nomic's BERT, with the configuration of transformers 5."""
    tokenizer = vocabularies.wordpiece(case.folder)
    config = transformers.NomicBertConfig(vocab_size=600, head_dim=8, **BERT)
    encoder(case, transformers.NomicBertModel(config, add_pooling_layer=False), tokenizer)


def nomic_old(case: Case):
    """Nomic's BERT, with the configuration of its makers."""
    nomic(case)
    config = dict(
        architectures=["NomicBertModel"],
        activation_function="swiglu",
        n_embd=32,
        n_head=4,
        n_inner=80,
        n_layer=2,
        n_positions=256,
        layer_norm_epsilon=1e-12,
        rotary_emb_base=1000,
        rotary_emb_fraction=1.0,
        type_vocab_size=2,
        vocab_size=600,
        prenorm=False,
        qkv_proj_bias=False,
        mlp_fc1_bias=False,
        mlp_fc2_bias=False,
        causal=False,
        max_trained_positions=2048,
    )
    (case.folder / "config.json").write_text(json.dumps(config))


def with_adapter(case: Case, config, tokenizer, norm=1.0):
    """A LoRA adapter on every matrix, as PEFT writes it; the reference has the weights merged."""
    model = decoder(case, config, tokenizer, norm=norm)
    case.reference["base_logits"] = case.reference.pop("logits")
    generator = torch.Generator().manual_seed(2)
    adapter = {}
    for name, weight in model.named_parameters():
        # llama.cpp cannot adapt embeddings that are the output too.
        embedding = "embed_tokens" in name
        if weight.ndim != 2 or (embedding and config.tie_word_embeddings):
            continue
        rows, columns = reversed(weight.shape) if embedding else weight.shape
        a = torch.randn((LORA_RANK, columns), generator=generator) / math.sqrt(32)
        b = torch.randn((rows, LORA_RANK), generator=generator) * 0.2
        marks = ("lora_embedding_A", "lora_embedding_B") if embedding else ("lora_A.weight", "lora_B.weight")
        module = f"base_model.model.{name.removesuffix('.weight')}"
        adapter[f"{module}.{marks[0]}"], adapter[f"{module}.{marks[1]}"] = a, b
        change = LORA_ALPHA / LORA_RANK * (b @ a)
        weight.data += change.T if embedding else change
    folder = case.root / "adapter"
    folder.mkdir()
    save_file(adapter, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {"peft_type": "LORA", "r": LORA_RANK, "lora_alpha": LORA_ALPHA, "bias": "none", "task_type": "CAUSAL_LM"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    case.reference.update(adapter="adapter", logits=logits(model, prompts(config.vocab_size, LENGTHS)))


def llama_adapter(case: Case):
    tokenizer = vocabularies.spm(case.folder)
    with_adapter(case, transformers.LlamaConfig(vocab_size=512, max_position_embeddings=64, **SIZES), tokenizer)


def gemma2_adapter(case: Case):
    tokenizer = vocabularies.spm(case.folder, gemma=True)
    config = transformers.Gemma2Config(
        vocab_size=512, max_position_embeddings=64, head_dim=32, query_pre_attn_scalar=32, **SIZES
    )
    with_adapter(case, config, tokenizer, norm=0.0)


def phi3_adapter(case: Case):
    tokenizer = vocabularies.spm(case.folder)
    config = transformers.Phi3Config(
        vocab_size=512,
        max_position_embeddings=64,
        original_max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **SIZES,
    )
    with_adapter(case, config, tokenizer)


CASES = [
    llama,
    llama_old,
    llama3,
    llama_yarn,
    mistral,
    qwen2,
    qwen3,
    gemma2,
    gemma3,
    gemma3_layers,
    phi3,
    phi3_long,
    phi3_longer,
    bert,
    bert_cls,
    distilbert,
    roberta,
    xlm_roberta,
    nomic,
    nomic_old,
    llama_adapter,
    gemma2_adapter,
    phi3_adapter,
]


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    root, wanted = Path(sys.argv[1]), set(sys.argv[2:])
    torch.set_num_threads(2)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for make in CASES:
        name = make.__name__.replace("_", "-")
        if not wanted or name in wanted:
            case = Case(root, name)
            make(case)
            case.finish()
            print(name)


if __name__ == "__main__":
    main()
