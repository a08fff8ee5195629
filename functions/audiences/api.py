"""What other capabilities and jobs may ask of audiences, and tell them: whom to look at and why; where people stand."""

from functions.audiences.model import Look, Move, Standing
from functions.audiences.news import looks_after_moving, news
from functions.audiences.store import DUE_PARTITIONS, Standings, due_of

__all__ = ["DUE_PARTITIONS", "Look", "Move", "Standing", "Standings", "due_of", "looks_after_moving", "news"]
