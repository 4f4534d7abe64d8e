"""The most that can flow through pipes: Dinic's algorithm, kept while further pipes are opened."""

from collections import deque


class Flow:
    """Pipes between numbered joints. What flows stays when pipes are added and `fill` goes on."""

    def __init__(self) -> None:
        self.pipes_of: list[list[int]] = []
        self.ends_at: list[int] = []
        self.room: list[int] = []  # a pipe and its way back are neighbours: 2n and 2n + 1

    def joint(self) -> int:
        self.pipes_of.append([])
        return len(self.pipes_of) - 1

    def pipe(self, begin: int, end: int, room: int) -> int:
        """Its number, by which `through` tells how much flows in it."""
        for start, there, space in ((begin, end, room), (end, begin, 0)):
            self.pipes_of[start].append(len(self.ends_at))
            self.ends_at.append(there)
            self.room.append(space)
        return len(self.ends_at) - 2

    def through(self, pipe: int) -> int:
        return self.room[pipe + 1]

    def fill(self, source: int, sink: int) -> int:
        """Let in as much more as there is room for; how much that was."""
        more = 0
        while levels := self._levels(source, sink):
            more += self._fill_shortest_ways(source, sink, levels)
        return more

    def _levels(self, source: int, sink: int) -> list[int]:
        """How many pipes with room lie before each joint; nothing when none leads to the sink."""
        levels = [-1] * len(self.pipes_of)
        levels[source] = 0
        line = deque([source])
        while line:
            joint = line.popleft()
            for pipe in self.pipes_of[joint]:
                end = self.ends_at[pipe]
                if self.room[pipe] and levels[end] < 0:
                    levels[end] = levels[joint] + 1
                    if end == sink:
                        return levels
                    line.append(end)
        return []

    def _fill_shortest_ways(self, source: int, sink: int, levels: list[int]) -> int:
        ends_at, room, pipes_of = self.ends_at, self.room, self.pipes_of
        next_of = [0] * len(pipes_of)
        way: list[int] = []
        joint, more = source, 0
        while True:
            if joint == sink:
                least = min(room[pipe] for pipe in way)
                for pipe in way:
                    room[pipe] -= least
                    room[pipe ^ 1] += least
                more += least
                full = next(place for place, pipe in enumerate(way) if not room[pipe])
                joint = ends_at[way[full] ^ 1]
                del way[full:]
                continue
            pipes, place = pipes_of[joint], next_of[joint]
            level = levels[joint] + 1
            while place < len(pipes):
                pipe = pipes[place]
                if room[pipe] and levels[ends_at[pipe]] == level:
                    break
                place += 1
            next_of[joint] = place
            if place < len(pipes):
                way.append(pipes[place])
                joint = ends_at[pipes[place]]
            elif way:
                back = way.pop()
                joint = ends_at[back ^ 1]
                next_of[joint] += 1
            else:
                return more
