// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Everybody} from "./Everybody.sol";

/// @dev In this file, so that the runner finds its artifact.
contract Handler is Everybody {}

/// @notice A campaign as the test runner sees it: what it may call, and what must hold after every call.
abstract contract Campaign {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev What has gone wrong stays wrong: checks are made every so many calls, the costlier the rarer, and at the end.
    uint256 private constant COUNT_EVERY = 4;
    uint256 private constant AUDIT_EVERY = 32;

    Handler internal handler;
    bytes4[] internal actions;

    function setUp() public virtual;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), actions);
    }

    /// @dev Whoever calls, the handler picks who acts. Left to itself the runner draws senders until one is allowed, and after
    /// 65,536 draws in vain gives the whole campaign up.
    function targetSenders() external view returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(this);
    }

    function afterInvariant() external {
        handler.audit();
        handler.checkOptions(true);
        handler.everybodyLeaves();
        handler.checkMoney();
        handler.checkOptions(true);
    }

    function _check() internal {
        uint256 calls = handler.calls();
        if (calls % COUNT_EVERY == 0) handler.checkMoney();
        if (calls % AUDIT_EVERY == 0) {
            handler.checkOptions(false);
            handler.audit();
        }
    }

    function _traders(Handler h) internal {
        actions.push(h.buy.selector);
        actions.push(h.sellBack.selector);
        actions.push(h.spread.selector);
        actions.push(h.roll.selector);
        actions.push(h.giveOptions.selector);
        actions.push(h.exercise.selector);
        actions.push(h.cycle.selector);
    }

    function _lps(Handler h) internal {
        actions.push(h.requestDeposit.selector);
        actions.push(h.requestRedeem.selector);
        actions.push(h.cancel.selector);
        actions.push(h.claim.selector);
        actions.push(h.giveShares.selector);
        actions.push(h.processEpoch.selector);
    }

    function _world(Handler h) internal {
        actions.push(h.pass.selector);
        actions.push(h.jump.selector);
        actions.push(h.pushPool.selector);
        actions.push(h.mark.selector);
        actions.push(h.settle.selector);
        actions.push(h.pause.selector);
        actions.push(h.donate.selector);
    }

    function _keepers(Handler h) internal {
        actions.push(h.hedgeDelta.selector);
        actions.push(h.post.selector);
        actions.push(h.list.selector);
    }
}

/// @notice Everybody, all at once.
contract WholeCampaign is Campaign {
    uint256 private constant CALLS = 1_500;
    uint256 private constant LEAST = 3;

    function setUp() public override {
        handler = new Handler();
        handler.open(true);
        _traders(handler);
        _lps(handler);
        _world(handler);
        _keepers(handler);
    }

    function invariant_booksAndRulesHold() external {
        _check();
    }

    /// @dev The same actions in an order that is fixed: each of them, and each refusal that is worth a check, happens.
    function test_everyActionOfTheCampaignHappens() external {
        for (uint256 i = 0; i < CALLS; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            _call(abi.encodeWithSelector(actions[seed % actions.length], seed >> 8));
            _check();
        }
        string[36] memory expected = [
            "buy",
            "sell",
            "spread",
            "roll",
            "transfer",
            "exercise",
            "cycle",
            "trade added up",
            "requestDeposit",
            "requestRedeem",
            "cancel",
            "claimShares",
            "claimAssets",
            "giveShares",
            "queue closed",
            "processEpoch",
            "epoch refused",
            "deposits filled",
            "redemptions filled",
            "jump",
            "pushPool",
            "mark",
            "hedge",
            "post",
            "list",
            "settle",
            "wrong round",
            "pause",
            "donate",
            "audit",
            "refused: paused",
            "refused: stress",
            "refused: drawdown",
            "refused: surface stale",
            "refused: prices disagree",
            "refused: feed stale"
        ];
        string memory counts = string.concat("intruder ", Strings.toString(handler.intrusions()));
        bool enough = handler.intrusions() >= LEAST;
        for (uint256 i = 0; i < expected.length; ++i) {
            uint256 count = handler.done(expected[i]);
            counts = string.concat(counts, ", ", expected[i], " ", Strings.toString(count));
            if (count < LEAST) enough = false;
        }
        require(enough, counts);
    }

    function _call(bytes memory action) private {
        (bool isDone, bytes memory reason) = address(handler).call(action);
        if (isDone) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}

/// @notice LPs, and the world that moves what they share.
contract QueueCampaign is Campaign {
    function setUp() public override {
        handler = new Handler();
        handler.open(true);
        _lps(handler);
        actions.push(handler.pass.selector);
        actions.push(handler.jump.selector);
        actions.push(handler.buy.selector);
        actions.push(handler.settle.selector);
    }

    function invariant_claimsAreCoveredAndSharesFair() external {
        _check();
    }
}

/// @notice Everybody but keepers: no surface is posted, nothing is listed, nothing is hedged.
contract DeadKeepersCampaign is Campaign {
    function setUp() public override {
        handler = new Handler();
        handler.open(false);
        _traders(handler);
        _lps(handler);
        _world(handler);
    }

    function invariant_everybodyCanLeave() external {
        _check();
    }
}
