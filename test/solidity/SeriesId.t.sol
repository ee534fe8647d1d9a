// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SeriesId} from "../../contracts/libraries/SeriesId.sol";

/// @notice Ids are made of what fits into them alone: no two series have the same.
contract SeriesIdTest {
    function encode(uint256 expiry, uint256 strike, bool isCall) external pure returns (uint256) {
        return SeriesId.encode(expiry, strike, isCall);
    }

    function testFuzz_AnIdSaysWhatItWasMadeOf(uint40 expiry, uint96 strike, bool isCall) external pure {
        if (expiry == 0 || strike == 0) return;
        uint256 id = SeriesId.encode(expiry, strike, isCall);
        (uint256 expiry_, uint256 strike_, bool isCall_) = SeriesId.decode(id);
        assert(expiry_ == expiry && strike_ == strike && isCall_ == isCall);
        assert(SeriesId.expiryOf(id) == expiry);
    }

    function test_NothingIsMadeOfWhatDoesNotFit() external view {
        _refuses(0, 1);
        _refuses(1, 0);
        _refuses(uint256(type(uint40).max) + 1, 1);
        _refuses(1, uint256(type(uint96).max) + 1);
    }

    function _refuses(uint256 expiry, uint256 strike) private view {
        try this.encode(expiry, strike, true) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == SeriesId.InvalidSeries.selector);
        }
    }
}
