// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title The largest sum of losses in any 24 hours
/// @notice Losses come in the order of time, gains are negative. What was lost before a window began does not count in it, and neither
/// does what was gained.
library RollingLoss {
    /// @dev A sum of all losses before a moment.
    struct Point {
        uint64 time;
        int192 before;
    }

    /// @param points From `first` on those that a window may begin with: later ones are larger.
    /// @param sum Of all losses. @param worst Of any window. @param worstOf The same by the day, from 0, in which the window ends.
    struct State {
        Point[] points;
        uint256 first;
        uint256 begin;
        int256 sum;
        int256 worst;
        mapping(uint256 day => int256) worstOf;
    }

    /// @notice The first day begins.
    function start(State storage self, uint256 time) internal {
        self.begin = time;
    }

    /// @notice Adds a loss of the latest moment so far. @dev Not block.timestamp, which a compiler may read before a test has changed it.
    function add(State storage self, uint256 time, int256 loss) internal {
        uint256 last = self.points.length;
        uint256 first = self.first;
        while (last > first && self.points[last - 1].before >= self.sum) {
            self.points.pop();
            --last;
        }
        self.points.push(Point(uint64(time), int192(self.sum)));
        while (self.points[first].time + 1 days < time) ++first;
        self.first = first;
        self.sum += loss;
        int256 window = self.sum - self.points[first].before;
        if (window > self.worst) self.worst = window;
        uint256 day = (time - self.begin) / 1 days;
        if (window > self.worstOf[day]) self.worstOf[day] = window;
    }
}
