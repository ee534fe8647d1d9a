// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IAsyncShares} from "../../../contracts/interfaces/IAsyncShares.sol";
import {EpochQueue} from "../../../contracts/libraries/EpochQueue.sol";
import {CHEATS} from "./Cheats.sol";
import {Stage} from "./Stage.sol";

/// @notice What LPs do between epochs. Nothing of it changes what the pool has or how many shares there are, so it
/// cannot change what anybody else's share is worth.
abstract contract LpActions is Stage {
    uint256 private constant LARGEST_DEPOSIT = 3_000_000e6;

    modifier leavesPoolAlone() {
        bytes32 before = _accounts();
        _;
        require(_accounts() == before, "an LP's action changed the pool");
    }

    function requestDeposit(uint256 input) external onTime leavesPoolAlone {
        uint256 seed = _seed(input);
        address lp = _actor(lps, seed);
        uint256 assets = logarithmic(seed, 1, LARGEST_DEPOSIT);
        uint256 pending = vault.pendingDepositRequest(0, lp);
        CHEATS.prank(lp);
        try vault.requestDeposit(assets, lp, lp) {
            require(!_isQueueClosed(type(uint256).max), "joined an epoch that is over");
            require(vault.pendingDepositRequest(0, lp) == pending + assets, "another sum is pending");
            ++done["requestDeposit"];
        } catch (bytes memory reason) {
            _requireClosed(reason, type(uint256).max);
        }
    }

    function requestRedeem(uint256 input) external onTime leavesPoolAlone {
        uint256 seed = _seed(input);
        address lp = _actor(lps, seed);
        uint256 shares = vault.balanceOf(lp);
        if (shares == 0) return;
        if (seed % 4 != 0) shares = logarithmic(seed, 1, shares);
        CHEATS.prank(lp);
        try vault.requestRedeem(shares, lp, lp) {
            require(!_isQueueClosed(type(uint256).max), "left an epoch that is over");
            ++done["requestRedeem"];
        } catch (bytes memory reason) {
            _requireClosed(reason, type(uint256).max);
        }
    }

    /// @dev Once an epoch is over nobody may leave it, unless it has not been processed for another one's length.
    function cancel(uint256 input) external onTime leavesPoolAlone {
        uint256 seed = _seed(input);
        address lp = _actor(lps, seed);
        if (seed % 2 == 0) _cancelDeposit(lp);
        else _cancelRedeem(lp);
    }

    function claim(uint256 input) external onTime leavesPoolAlone {
        uint256 seed = _seed(input);
        address lp = _actor(lps, seed);
        if (seed % 2 == 0) _claimShares(lp, seed >> 1);
        else _claimAssets(lp, seed >> 1);
    }

    /// @dev To another LP, or to a contract, from where nobody gets them back.
    function giveShares(uint256 input) external onTime leavesPoolAlone {
        uint256 seed = _seed(input);
        address lp = _actor(lps, seed);
        uint256 shares = vault.balanceOf(lp);
        if (shares == 0) return;
        bool lost = (seed >> 8) % 8 == 0;
        shares = logarithmic(seed, 1, lost ? (shares + 99) / 100 : shares);
        CHEATS.prank(lp);
        assert(vault.transfer(lost ? address(vault) : _actor(lps, seed << 8), shares));
        if (lost) sharesGivenToVault += shares;
        ++done["giveShares"];
    }

    function _cancelDeposit(address lp) internal {
        uint256 pending = vault.pendingDepositRequest(0, lp);
        uint256 money = usdc.balanceOf(lp);
        CHEATS.prank(lp);
        try vault.cancelDepositRequest(lp, lp) returns (uint256 assets) {
            require(pending > 0 && assets == pending, "got another sum back");
            require(usdc.balanceOf(lp) == money + assets, "the request did not come back");
            require(!_isQueueClosed(EPOCH / 2), "left an epoch that is over");
            ++done["cancel"];
        } catch (bytes memory reason) {
            if (!_isNothingPending(reason, pending)) _requireClosed(reason, EPOCH / 2);
        }
    }

    function _cancelRedeem(address lp) internal {
        uint256 pending = vault.pendingRedeemRequest(0, lp);
        uint256 shares = vault.balanceOf(lp);
        CHEATS.prank(lp);
        try vault.cancelRedeemRequest(lp, lp) returns (uint256 back) {
            require(pending > 0 && back == pending, "got other shares back");
            require(vault.balanceOf(lp) == shares + back, "the shares did not come back");
            require(!_isQueueClosed(EPOCH / 2), "left an epoch that is over");
            ++done["cancel"];
        } catch (bytes memory reason) {
            if (!_isNothingPending(reason, pending)) _requireClosed(reason, EPOCH / 2);
        }
    }

    /// @dev Part or all of it, in assets or in shares; when nothing is left, one more unit is refused.
    function _claimShares(address lp, uint256 seed) internal {
        (uint256 assets, uint256 shares) = (vault.maxDeposit(lp), vault.maxMint(lp));
        uint256 before = vault.balanceOf(lp);
        bool all = seed % 2 == 0;
        CHEATS.prank(lp);
        if ((seed >> 1) % 2 == 0) vault.deposit(all ? assets : uniform(seed >> 2, 0, assets), lp, lp);
        else vault.mint(all ? shares : uniform(seed >> 2, 0, shares), lp, lp);
        uint256 got = vault.balanceOf(lp) - before;
        require(vault.maxMint(lp) == shares - got, "claimable shares are not what is left");
        if (all) {
            require(got == shares, "shares were left behind");
            CHEATS.prank(lp);
            try vault.mint(1, lp, lp) {
                revert("shares were claimed twice");
            } catch (bytes memory reason) {
                require(bytes4(reason) == EpochQueue.ExceedsClaimable.selector, _hex("claim refused for", reason));
            }
        }
        if (got > 0) ++done["claimShares"];
    }

    function _claimAssets(address lp, uint256 seed) internal {
        (uint256 shares, uint256 assets) = (vault.maxRedeem(lp), vault.maxWithdraw(lp));
        uint256 before = usdc.balanceOf(lp);
        bool all = seed % 2 == 0;
        CHEATS.prank(lp);
        if ((seed >> 1) % 2 == 0) vault.redeem(all ? shares : uniform(seed >> 2, 0, shares), lp, lp);
        else vault.withdraw(all ? assets : uniform(seed >> 2, 0, assets), lp, lp);
        uint256 got = usdc.balanceOf(lp) - before;
        require(vault.maxWithdraw(lp) == assets - got, "claimable assets are not what is left");
        if (all) {
            require(got == assets, "assets were left behind");
            CHEATS.prank(lp);
            try vault.withdraw(1, lp, lp) {
                revert("assets were claimed twice");
            } catch (bytes memory reason) {
                require(bytes4(reason) == EpochQueue.ExceedsClaimable.selector, _hex("claim refused for", reason));
            }
        }
        if (got > 0) ++done["claimAssets"];
    }

    function _accounts() private view returns (bytes32) {
        return keccak256(abi.encode(vault.cash(), vault.owed(), vault.insurance(), vault.totalSupply()));
    }

    /// @dev The queue closes when the epoch ends, for `length` or until it is processed.
    function _isQueueClosed(uint256 length) internal view returns (bool) {
        uint256 endsAt = vault.epochEndsAt();
        return time >= endsAt && time - endsAt < length;
    }

    function _requireClosed(bytes memory reason, uint256 length) private {
        require(bytes4(reason) == IAsyncShares.EpochOver.selector, _hex("queue refused for", reason));
        require(_isQueueClosed(length), "the queue is open");
        ++done["queue closed"];
    }

    function _isNothingPending(bytes memory reason, uint256 pending) private pure returns (bool) {
        return pending == 0 && bytes4(reason) == EpochQueue.NothingPending.selector;
    }
}
