// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IVolSurface} from "../../../contracts/interfaces/IVolSurface.sol";
import {VaultLimits} from "../../../contracts/interfaces/Types.sol";
import {CHEATS} from "./Cheats.sol";
import {KeyActions} from "./KeyActions.sol";

/// @dev In this file, so that the runner finds its artifact.
contract Thief is KeyActions {}

/// @dev Nothing bounds what posts cost: references follow at once, and the budget is the largest that there is.
contract ThiefWithoutBounds is KeyActions {
    function _surfaceLimits() internal pure override returns (IVolSurface.SurfaceBounds memory limits) {
        limits = super._surfaceLimits();
        (limits.maxFollow, limits.maxForwardMove, limits.followWindow) = (1e18, 0.1e18, 1 hours);
    }

    function _limits() internal pure override returns (VaultLimits memory limits) {
        limits = super._limits();
        (limits.surfaceLossBps, limits.capitalRateBps) = (1_000, 0);
    }
}

/// @notice A campaign of one thief: what he may call, and what LPs lose by it at most.
abstract contract ThiefCampaign {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev One line for each run: see scripts/thieves.ts.
    string private constant RESULTS = "cache/thieves.csv";
    uint256 private constant MOST_DAYS = 40;

    KeyActions internal thief;
    bytes4[] internal actions;

    function setUp() external {
        thief = _thief();
        actions = [
            thief.buy.selector,
            thief.buy.selector,
            thief.sell.selector,
            thief.sell.selector,
            thief.sellAll.selector,
            thief.spread.selector,
            thief.share.selector,
            thief.processEpoch.selector,
            thief.pushPool.selector,
            thief.poke.selector
        ];
        if (thief.hasPoster()) {
            actions.push(thief.move.selector);
            for (uint256 i = 0; i < 4; ++i) actions.push(thief.post.selector);
        }
        if (thief.hasLister()) {
            actions.push(thief.list.selector);
            actions.push(thief.delist.selector);
        }
        if (thief.hasPoster() && thief.hasLister()) actions.push(thief.postFirst.selector);
        if (thief.hasKeeper()) {
            for (uint256 i = 0; i < 3; ++i) actions.push(thief.hedgeBadly.selector);
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(thief);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(thief), actions);
    }

    /// @dev See Campaign.
    function targetSenders() external view returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(this);
    }

    /// @notice Writes down what was lost in this run: calls, the thief's largest take, what he took of LPs at most, their largest loss of any 24 hours, and the latter by
    /// day, in millionths.
    function afterInvariant() external {
        string memory line = string.concat(
            _name(),
            ",",
            Strings.toString(thief.calls()),
            ",",
            _millionths(thief.worstTake()),
            ",",
            _millionths(thief.worstRealised()),
            ",",
            _millionths(thief.worstLoss())
        );
        uint256 last = thief.daysPlayed();
        for (uint256 day = 0; day < last && day < MOST_DAYS; ++day) {
            line = string.concat(line, ",", _millionths(thief.worstLossOf(day)));
        }
        CHEATS.writeLine(RESULTS, line);
    }

    function _thief() internal virtual returns (KeyActions);

    function _name() internal pure virtual returns (string memory);

    function _requireLossBelow(int256 bps) internal view {
        require(
            thief.worstLoss() <= bps * 1e14,
            string.concat("LPs lost ", _millionths(thief.worstLoss()), " millionths in 24 hours")
        );
        require(
            thief.worstRealisedOf(0) <= bps * 1e14,
            string.concat("LPs lost ", _millionths(thief.worstRealisedOf(0)), " millionths in the first 24 hours")
        );
    }

    function _requireTakeBelow(int256 millionths) internal view {
        require(
            thief.worstTake() <= millionths * 1e12,
            string.concat("the thief took ", _millionths(thief.worstTake()), " millionths of NAV in 24 hours")
        );
    }

    /// @dev Calls of the campaign in an order that is fixed.
    function _play(uint256 calls, uint256 salt) internal {
        for (uint256 i = 0; i < calls; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(salt, i)));
            (bool isDone, bytes memory reason) = address(thief).call(
                abi.encodeWithSelector(actions[seed % actions.length], seed >> 8)
            );
            if (isDone) continue;
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function _requireDone(string[] memory expected) internal view {
        string memory counts = "";
        bool enough = true;
        for (uint256 i = 0; i < expected.length; ++i) {
            uint256 count = thief.done(expected[i]);
            counts = string.concat(counts, expected[i], " ", Strings.toString(count), ", ");
            if (count == 0) enough = false;
        }
        require(enough, counts);
    }

    function _millionths(int256 share) private pure returns (string memory) {
        return Strings.toStringSigned(share / 1e12);
    }
}

/// @notice The poster's key: LPs lose at most one percent of what they have in any 24 hours.
contract PosterThiefCampaign is ThiefCampaign {
    function invariant_thiefWithPoster() external view {
        _requireLossBelow(100);
    }

    function _thief() internal override returns (KeyActions t) {
        t = new Thief();
        t.open(true, false, false);
    }

    function _name() internal pure override returns (string memory) {
        return "POSTER";
    }
}

/// @notice The lister's key is worth nothing.
contract ListerThiefCampaign is ThiefCampaign {
    function invariant_thiefWithLister() external view {
        _requireLossBelow(10);
        _requireTakeBelow(1);
    }

    function _thief() internal override returns (KeyActions t) {
        t = new Thief();
        t.open(false, true, false);
    }

    function _name() internal pure override returns (string memory) {
        return "LISTER";
    }
}

/// @notice The keeper's key: half a percent that the desk may lose in any 24 hours, and what strangers may cost.
contract KeeperThiefCampaign is ThiefCampaign {
    function invariant_thiefWithKeeper() external view {
        _requireLossBelow(60);
    }

    function _thief() internal override returns (KeyActions t) {
        t = new Thief();
        t.open(false, false, true);
    }

    function _name() internal pure override returns (string memory) {
        return "KEEPER";
    }
}

/// @notice All hot keys at once: two percent.
contract AllKeysThiefCampaign is ThiefCampaign {
    uint256 private constant CALLS = 1_500;

    function invariant_thiefWithAllKeys() external view {
        _requireLossBelow(200);
    }

    /// @dev Each action of each campaign, some of which need honest people to act too, comes to something.
    function test_everyActionOfAThiefHappens() external {
        _play(CALLS, 0);
        string[] memory expected = new string[](20);
        (expected[0], expected[1], expected[2], expected[3]) = ("buy", "sell", "spread", "deposit");
        (expected[4], expected[5], expected[6], expected[7]) = ("redeem", "cancel", "epoch", "push");
        (expected[8], expected[9], expected[10], expected[11]) = ("poke", "post", "postFirst", "list");
        (expected[12], expected[13], expected[14]) = ("delist", "hedgeBadly", "settle");
        (expected[15], expected[16], expected[17]) = ("honest post", "honest hedge", "honest list");
        (expected[18], expected[19]) = ("honest deposit", "honest redeem");
        _requireDone(expected);
    }

    function _thief() internal override returns (KeyActions t) {
        t = new Thief();
        t.open(true, true, true);
    }

    function _name() internal pure override returns (string memory) {
        return "ALL";
    }
}

/// @notice No key: nobody gains by anything.
contract StrangerCampaign is ThiefCampaign {
    function invariant_thiefWithoutAKey() external view {
        _requireLossBelow(10);
        _requireTakeBelow(1);
    }

    function _thief() internal override returns (KeyActions t) {
        t = new Thief();
        t.open(false, false, false);
    }

    function _name() internal pure override returns (string memory) {
        return "NONE";
    }
}

/// @notice Would the campaigns notice? Without the bounds of posts the same calls take more than the bound.
contract UnboundedPosterTest is ThiefCampaign {
    uint256 private constant CALLS = 100;
    uint256 private constant MOST_TRIES = 20;

    /// @dev From the same beginning again and again, until LPs have lost more than the bound within the first 24 hours.
    function test_withoutBoundsAThiefTakesMore() external {
        for (uint256 i = 0; i < MOST_TRIES; ++i) {
            _play(CALLS, i);
            if (thief.worstRealisedOf(0) > 0.01e18 || thief.worstLoss() > 0.01e18) return;
            thief = _thief();
        }
        revert("the thief finds nothing");
    }

    function _thief() internal override returns (KeyActions t) {
        t = new ThiefWithoutBounds();
        t.open(true, false, false);
    }

    function _name() internal pure override returns (string memory) {
        return "CONTROL";
    }
}
