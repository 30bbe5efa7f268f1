"""Small tokenizers of every kind that is imported, written as Hugging Face folders have them."""

import contextlib
import json
import os
import pydoc_data.topics
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = sorted(pydoc_data.topics.topics.values())
LINES = [line for text in CORPUS for line in text.split("\n") if line]

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@contextlib.contextmanager
def quiet():
    """SentencePiece reports its training on the standard error, from C++."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def sentencepiece_model(folder: Path, gemma: bool) -> sentencepiece.SentencePieceProcessor:
    """Trains `tokenizer.model`: Llama's kind, which puts a space in front, or Gemma's, which does not and has
    pieces of its own for runs of spaces and line ends."""
    ids = dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3) if gemma else dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    own = ["<start_of_turn>", "<end_of_turn>", "\n\n", "\n\n\n", "▁▁", "▁▁▁▁", "<table>"] if gemma else []
    with quiet():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LINES),
            model_prefix=str(folder / "tokenizer"),
            vocab_size=512,
            model_type="bpe",
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=not gemma,
            split_digits=True,
            user_defined_symbols=own,
            num_threads=1,
            **ids,
        )
    (folder / "tokenizer.vocab").unlink()
    return sentencepiece.SentencePieceProcessor(str(folder / "tokenizer.model"))


def save(tokenizer: Tokenizer, folder: Path, **config) -> None:
    """Writes tokenizer.json and tokenizer_config.json."""
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False))


def spm(
    folder: Path, gemma: bool = False, keep_model: bool = True, keep_json: bool = True, stripping: tuple[str, ...] = ()
) -> Tokenizer:
    """A SentencePiece BPE, as tokenizer.model, as the tokenizer.json that transformers makes of one, or both.
    Tokens in `stripping`, if any, are added as Phi-3 has them: they take the white space behind them with them."""
    model = sentencepiece_model(folder, gemma)
    pieces = [model.id_to_piece(i) for i in range(model.vocab_size())]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    merges = []
    for piece, rank in vocab.items():
        splits = [(piece[:n], piece[n:]) for n in range(1, len(piece))]
        splits = [(a, b) for a, b in splits if a in vocab and b in vocab]
        splits.sort(key=lambda s: (vocab[s[0]], vocab[s[1]]))
        merges += [(-model.get_score(rank), len(merges) + n, s) for n, s in enumerate(splits)]
    merges = [pair for _, _, pair in sorted(merges)]
    unk, bos, eos = (model.id_to_piece(i()) for i in (model.unk_id, model.bos_id, model.eos_id))
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token=unk, byte_fallback=True, fuse_unk=True))
    if gemma:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = [unk, bos, eos] + (["<pad>", "<start_of_turn>", "<end_of_turn>"] if gemma else [])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    if stripping:
        tokenizer.add_special_tokens([AddedToken("<|endoftext|>", normalized=False, special=True)])
        tokenizer.add_special_tokens(
            [AddedToken(token, normalized=False, rstrip=True, special=True) for token in stripping]
        )
    if gemma:
        own = ["\n\n", "\n\n\n", "▁▁", "▁▁▁▁", "<table>"]
        tokenizer.add_tokens([AddedToken(token, normalized=True, special=False) for token in own])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, vocab[bos])]
    )
    added = {
        str(i): {"content": token.content, "special": token.special, "normalized": token.normalized}
        for i, token in sorted(tokenizer.get_added_tokens_decoder().items())
    }
    save(
        tokenizer,
        folder,
        added_tokens_decoder=added,
        add_bos_token=True,
        add_eos_token=False,
        bos_token=bos,
        eos_token=eos,
        unk_token=unk,
        pad_token="<pad>" if gemma else None,
        tokenizer_class="GemmaTokenizer" if gemma else "LlamaTokenizer",
        chat_template=CHATML,
    )
    if not keep_model:
        (folder / "tokenizer.model").unlink()
    if not keep_json:
        (folder / "tokenizer.json").unlink()
    return tokenizer


def byte_level(
    folder: Path, regex: str, bos: str | None = None, ignore_merges: bool = False, nfc: bool = False
) -> Tokenizer:
    """A byte-level BPE with the pattern of Llama 3 or of Qwen 2."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.normalizer = normalizers.NFC() if nfc else None
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(regex), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=512, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + ([bos] if bos else []))
    tokenizer.add_tokens(["<think>", "</think>"])
    byte_level = processors.ByteLevel(trim_offsets=False)
    if bos:
        template = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
        tokenizer.post_processor = processors.Sequence([byte_level, template])
    else:
        tokenizer.post_processor = byte_level
    save(
        tokenizer,
        folder,
        bos_token=bos,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        tokenizer_class="PreTrainedTokenizerFast",
    )
    (folder / "chat_template.jinja").write_text(CHATML)
    return tokenizer


def roberta(folder: Path) -> Tokenizer:
    """A byte-level BPE with the pattern of GPT-2, in RoBERTa's frame."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=512, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    save(
        tokenizer,
        folder,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        tokenizer_class="RobertaTokenizer",
    )
    return tokenizer


def wordpiece(folder: Path, keep_json: bool = True) -> Tokenizer:
    """BERT's tokenizer, of lower case; as tokenizer.json or as vocab.txt."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    ids = {token: tokenizer.token_to_id(token) for token in special}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    save(
        tokenizer,
        folder,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        do_lower_case=True,
        tokenizer_class="BertTokenizer",
    )
    if not keep_json:
        tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in tokens))
        (folder / "tokenizer.json").unlink()
    return tokenizer


def unigram(folder: Path) -> Tokenizer:
    """XLM-RoBERTa's tokenizer: SentencePiece's unigram model and its table of characters, with other first tokens."""
    with quiet():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LINES),
            model_prefix=str(folder / "unigram"),
            vocab_size=600,
            model_type="unigram",
            normalization_rule_name="nmt_nfkc",
            num_threads=1,
        )
    model = sentencepiece_model_pb2.ModelProto.FromString((folder / "unigram.model").read_bytes())
    for kind in ["model", "vocab"]:
        (folder / f"unigram.{kind}").unlink()
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(piece.piece, piece.score) for piece in model.pieces[3:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    charsmap = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    tokenizer.normalizer = normalizers.Sequence([charsmap, normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    save(
        tokenizer,
        folder,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        tokenizer_class="XLMRobertaTokenizer",
    )
    return tokenizer
