"""Real, tiny models with random weights, saved as a user's model folder would be."""

from pathlib import Path

import sentencepiece
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
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
