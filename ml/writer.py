"""Drafts replies with any causal or encoder-decoder language model, by hub name or folder."""

from pathlib import Path
from typing import Any

from ml.drafting import ANSWER, RULES, DraftOrder, tidy, told
from ml.loading import load_model
from ml.spec import EngineSpec, EngineUnavailable

NAME = "drafts"
# Five sentences. A model of half a billion parameters writes about ten a second on two cores.
MOST_NEW_TOKENS = 160
# Asked for between any two tokens, so a slow machine gets a shorter draft, not a longer wait.
MOST_S = 20.0
# Prompt and ticket; the ticket alone has at most 1,200 characters, so longer only where the tokenizer is foreign to the text.
MOST_PROMPT_TOKENS = 1_024
# Of the customer's words, tried in turn until the prompt fits: the rules are never cut.
CHARS_TRIED = (1_200, 600, 300, 100)


class DraftWriter:
    """`judge` gives one draft an order, "" where the model wrote nothing to show. Greedy, so the same ticket gets the same."""

    def __init__(self, model: Any, tokenizer: Any, version: str) -> None:
        """A loaded transformers model with `generate`, and its tokenizer."""
        self._model = model
        self._tokenizer = tokenizer
        self._version = version
        self._whole = bool(model.config.is_encoder_decoder)
        known = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
        self._special = sorted((token for token in known if token.strip()), key=len, reverse=True)
        positions = getattr(model.config, "max_position_embeddings", None) or MOST_PROMPT_TOKENS + MOST_NEW_TOKENS
        room = positions if self._whole else positions - MOST_NEW_TOKENS
        self._most_prompt = min(MOST_PROMPT_TOKENS, room, tokenizer.model_max_length)

    @classmethod
    def load(cls, spec: EngineSpec) -> "DraftWriter":
        """The writer of a spec, loaded (seconds to minutes). Raises EngineUnavailable."""
        name = spec.draft_model
        if not name:
            raise EngineUnavailable("Drafts need DRAFT_MODEL: a local folder or a hub name of a text-generation model.")

        def load(local: bool) -> tuple[Any, Any]:
            import torch
            from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

            config = AutoConfig.from_pretrained(name, local_files_only=local)
            kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            # Half precision, as many are saved in, is emulated on most processors and slower there.
            model = kind.from_pretrained(name, local_files_only=local, dtype=torch.float32).eval()
            tokenizer: Any = AutoTokenizer
            return model, tokenizer.from_pretrained(name, local_files_only=local)

        model, tokenizer = load_model("DRAFT_MODEL", name, load, threads=spec.threads)
        return cls(model, tokenizer, Path(name).name)

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return self._version

    def judge(self, texts: list[DraftOrder]) -> list[str]:
        """One draft an order, in order. Raises ValueError where the rules alone are too long for the model."""
        return [self._draft(order) for order in texts]

    def _draft(self, order: DraftOrder) -> str:
        import torch

        prompt = self._prompt(order)
        filler = self._tokenizer.pad_token_id
        if filler is None:  # one order at a time: nothing is ever filled up, generation only wants it named
            filler = self._tokenizer.eos_token_id
        with torch.inference_mode():
            written = self._model.generate(
                **prompt,
                max_new_tokens=MOST_NEW_TOKENS,
                max_time=MOST_S,
                do_sample=False,
                num_beams=1,
                pad_token_id=filler,
            )[0]
        new = written if self._whole else written[prompt["input_ids"].shape[1] :]
        return tidy(self._tokenizer.decode(new, skip_special_tokens=True))

    def _prompt(self, order: DraftOrder) -> Any:
        for most_chars in CHARS_TRIED:
            task = told(order, special=self._special, most_chars=most_chars)
            encoded = self._encoded(task)
            if encoded["input_ids"].shape[1] <= self._most_prompt:
                return encoded
        raise ValueError("the prompt does not fit the draft model")

    def _encoded(self, task: str) -> Any:
        """`input_ids` and `attention_mask`, both (1, tokens)."""
        if not self._tokenizer.chat_template:
            return self._tokenizer(f"{RULES}\n\n{task}\n{ANSWER}", return_tensors="pt", return_token_type_ids=False)
        return self._tokenizer.apply_chat_template(
            # One message: some templates refuse a system role.
            [{"role": "user", "content": f"{RULES}\n\n{task}"}],
            add_generation_prompt=True,
            enable_thinking=False,  # ignored by templates that know no thinking
            return_tensors="pt",
            return_dict=True,
        )
