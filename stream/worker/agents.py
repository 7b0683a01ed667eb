"""What the agents of a worker do: hand every batch over, and end the worker when they fail."""

from typing import Any


async def hand_over(stream: Any) -> None:
    """Give every batch of a topic to the rounds, which acknowledge it."""
    async for event in stream.noack().events():
        if event.message.generation_id == event.app.consumer_generation_id:
            event.app.rounds.begin(event.message)


async def end_with_agent(agent: Any, error: BaseException) -> None:
    """End the worker when an agent fails: Faust would go on behind the failed batch."""
    agent.app.fail(f"the agent of {agent.name} failed: {error!r}", error)
