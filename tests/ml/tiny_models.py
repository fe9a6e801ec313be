"""Real, tiny models, saved as a user's model folder would be: with random weights, or taught a trick in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

_LINE = "the a is server down refund invoice billing technical legal support ticket about this . , help good bad ##s"
_WORDS = _LINE.split()


def bert(folder: Path, labels: list[str]) -> str:
    """A WordPiece BERT classifier with these class names."""
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS]))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=5 + len(_WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def sentencepiece_model(folder: Path, labels: list[str]) -> str:
    """An XLM-R classifier over a sentencepiece vocabulary trained here and now."""
    folder.mkdir()
    text = folder.with_suffix(".txt")
    text.write_text(
        "\n".join(f"the server is down for customer {i} and the refund of {i} euro is late" for i in range(200))
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "sentencepiece.bpe"),
        vocab_size=90,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 256}')
    config = XLMRobertaConfig(
        vocab_size=200,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=300,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


# What the tiny language models below have learned to say; each word once, so that the last one tells the next.
REPLY = "Hello , thank you for writing . We look into this today"
# Words without a meaning to any other model, each taught to stand for one label.
TAUGHT = {"Legal": ("zorb", "quil", "vash"), "Billing": ("trem", "plok", "grun"), "Parking": ("fesk", "wibb", "drot")}


def told_lines() -> dict[str, tuple[str, ...]]:
    """TAUGHT as categories with description lines, without the last word of each."""
    return {
        label: tuple(f"{word} {other}".strip() for word in words[:-1] for other in ("", "a", "the server"))
        for label, words in TAUGHT.items()
    }


def _words_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    vocab = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[END]", "Reply", ":", *REPLY.split()])}
    words = Tokenizer(WordLevel(vocab, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    make: Any = PreTrainedTokenizerFast  # untyped
    tokenizer: PreTrainedTokenizerFast = make(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", eos_token="[END]", model_max_length=10_000
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def _learn(model: Any, steps: int, batch: Callable[[], dict[str, torch.Tensor]], *, rate: float) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models this small only wait for a second one
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    model.train()
    for _ in range(steps):
        loss = model(**batch()).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    torch.set_num_threads(threads)


def causal(folder: Path) -> str:
    """A GPT-2 of one layer that says REPLY after "Reply:", whatever came before."""
    folder.mkdir()
    torch.manual_seed(1)
    tokenizer = _words_tokenizer(folder)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=512, n_embd=32, n_layer=1, n_head=2, bos_token_id=2, eos_token_id=2,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    said = torch.tensor(tokenizer(f"Reply: {REPLY} [END]")["input_ids"])

    def batch() -> dict[str, torch.Tensor]:
        before = int(torch.randint(1, 250, ()))
        ids = torch.cat([torch.ones(before, dtype=torch.long), said])[None]
        labels = ids.clone()
        labels[:, : before + 2] = -100
        return {"input_ids": ids, "labels": labels}

    _learn(model, 150, batch, rate=1e-2)
    model.save_pretrained(folder)
    return str(folder)


def encoder_decoder(folder: Path) -> str:
    """A T5 of one layer that answers everything with REPLY."""
    folder.mkdir()
    torch.manual_seed(1)
    tokenizer = _words_tokenizer(folder)
    make: Any = T5Config  # its types leave out what every configuration takes
    config = make(
        vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0,
        pad_token_id=0, eos_token_id=2, decoder_start_token_id=0,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    labels = torch.tensor(tokenizer(f"{REPLY} [END]")["input_ids"])[None]

    def batch() -> dict[str, torch.Tensor]:
        return {"input_ids": torch.ones(1, int(torch.randint(1, 60, ())), dtype=torch.long), "labels": labels}

    _learn(model, 100, batch, rate=1e-2)
    model.save_pretrained(folder)
    return str(folder)


def taught_nli(folder: Path) -> str:
    """A BERT that knows which label each word of TAUGHT stands for, and nothing else."""
    folder.mkdir()
    torch.manual_seed(1)
    words = [word for taught in TAUGHT.values() for word in taught]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *words, *(label.lower() for label in TAUGHT)]
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocab)))
    tokenizer = BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    names = ["contradiction", "neutral", "entailment"]
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=300, initializer_range=0.2, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
        id2label=dict(enumerate(names)), label2id={name: at for at, name in enumerate(names)},
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    pairs = [
        (f"{word} {other}", f"This support ticket is about {label}.", 2 if label == own else 0)
        for own, taught in TAUGHT.items()
        for word in taught
        for other in ("", "a", "the server")
        for label in TAUGHT
    ]
    encoded = tokenizer(
        [one for one, _, _ in pairs], [other for _, other, _ in pairs], padding=True, return_tensors="pt"
    )
    batch = {**encoded, "labels": torch.tensor([truth for _, _, truth in pairs])}
    _learn(model, 200, lambda: batch, rate=3e-3)
    model.save_pretrained(folder)
    return str(folder)
