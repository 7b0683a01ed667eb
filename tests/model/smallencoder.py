"""A text encoder with two layers and random weights, as Hugging Face folders are."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

WORDS = [
    "cash", "contact", "free", "gift", "good", "like", "many", "more", "never", "not", "star",
    "text", "very", "well",
]  # fmt: skip


def small_encoder(folder: Path) -> Path:
    """Write one that knows a few words and every letter of theirs."""
    letters = sorted({letter for word in WORDS for letter in word} | set("0123456789 "))
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [(word, 0.0) for word in special]
    pieces += [(word, -2.0) for word in WORDS] + [(letter, -4.0) for letter in letters]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    torch.manual_seed(0)
    network = BertModel(
        BertConfig(
            vocab_size=len(pieces), hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=128, max_position_embeddings=128, pad_token_id=1,
        )
    )  # fmt: skip
    for weight in network.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.1)  # as BERT begins, all texts would be one
    network.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
